/* SPDX-License-Identifier: MIT */
/*
 * boot: the sequence from a machine's description to an allocator that owns all
 * of its memory.
 *
 *     mu_mm_init(&mm, port)
 *     mu_mm_add_machine(&mm, machine)    RAM into memblock, with its nodes
 *     mu_memblock_reserve(&mm.memblock)  what the client keeps: image, initrd
 *     size = mu_mm_size(&mm)             one buffer for every table, which
 *                                        may come from memblock
 *     span = mu_mm_memmap_span(&mm)      addresses for the descriptors
 *     mu_mm_start(&mm, &config, memmap, buf, size)
 *                                        nodes, zones, sections, extents; from
 *                                        here on mu_alloc_pages() can give
 *                                        every page there is
 *     mu_mm_finish(&mm, threads)         helpers; policy deferred
 *
 * mu_mm_start() is O(ranges + nodes^2): the ragged ends of ranges become pages,
 * whole blocks become extents. Only under the eager policy are all descriptors
 * initialised before it returns.
 *
 * Zones follow Linux: DMA below 16 MiB and DMA32 below 4 GiB (both limits
 * depend on the platform and can be set), MOVABLE at the end of each node as
 * kernelcore, movablecore and movable_node say. A page belongs to the zone of
 * its address on the node of its region.
 *
 * Page 0 is never handed out: an address of 0 stands for failure in too much
 * code.
 */
#ifndef MEMUP_BOOT_H
#define MEMUP_BOOT_H

#include "memup/deferred.h"
#include "memup/device.h"
#include "memup/hotplug.h"
#include "memup/machine.h"

struct mu_config {
	enum mu_policy policy;
	/* Ends of the zones DMA and DMA32, in bytes; 0: no such zone. */
	mu_phys_t dma_limit;
	mu_phys_t dma32_limit;
	/*
	 * MOVABLE, which is cut from the machine's highest zone: at least
	 * kernelcore bytes are not movable, or movablecore bytes are, in equal
	 * shares from the nodes; 0: not requested. On each node it begins at a
	 * block, so movablecore may get up to a block less from each, and less
	 * where lower zones take up the share.
	 * kernelcore_mirror: instead, mirrored memory (MU_RANGE_MIRROR) and
	 * everything below 4 GiB is not movable, the rest is. MOVABLE and the
	 * zones of mirrored memory are then interleaved: the span of one may
	 * hold pages of the other. On a machine without mirrored memory neither
	 * this nor the two above have an effect.
	 * movable_node: instead of all three, memory that can be removed is
	 * MOVABLE: what has MU_MEMBLOCK_HOTPLUG after mu_mm_movable_node().
	 */
	mu_phys_t kernelcore;
	mu_phys_t movablecore;
	bool kernelcore_mirror;
	bool movable_node;
	/*
	 * On the node of this address MOVABLE begins here, rounded up to a
	 * block, if not before: for memory that will be needed in one piece,
	 * such as mu_crashkernel.cma_base. 0, or no memory there: not
	 * requested.
	 */
	mu_phys_t movable_from;
	/* Sum of the min watermarks in pages; 0: from the size of memory. */
	uint64_t min_free_pages;
	/*
	 * What is done with memory that is added later (MU_ONLINE_DEFAULT);
	 * zero is MU_ONLINE_NO. And how much may be MOVABLE under
	 * MU_ONLINE_RATIO, in percent of what is not; 0: 301, as in Linux.
	 */
	enum mu_online auto_online;
	unsigned movable_ratio;
	/* Measure each claim with the port's clock. */
	bool measure;
	/*
	 * How many blocks the eager policy and mu_mm_finish() claim and
	 * initialise at once, up to 32; 0 and 1: one. A fence, the zone's lock
	 * and what helpers share are paid once for all of them; but interrupts
	 * are off for that many blocks, and an allocation that has to wait for
	 * the last ones waits as long. Growth on demand is always one block.
	 */
	unsigned batch;
	/*
	 * The maximum number of a zone's pages in the page cache of one CPU
	 * (memup/buddy.h); 0: from the zone's size, none in small zones;
	 * MU_NO_CACHES: no caches.
	 */
	unsigned cache_pages;
};

/* Linux's x86-64 zones, the lazy policy, no MOVABLE zone. */
struct mu_config mu_config_default(void);

/*
 * As above, with the zones that Linux has on @machine (mu_machine_zones()), and
 * what the parameters of its own kernel (machine->cmdline) say about MOVABLE
 * and about memory that is added; parameters that make no sense are ignored, as
 * the kernel does. @machine is finished.
 */
struct mu_config mu_config_for(const struct mu_machine *machine);

/*
 * Apply parameters of a kernel's command line to @config: kernelcore=N,
 * movablecore=N (N bytes, with K, M, G, T, P or E, or N% of the RAM of
 * @machine, which is finished), kernelcore=mirror and movable_node, the last of
 * each; and what is to be done with memory that is added later:
 *
 *   memhp_default_state=       offline, online_kernel, online_movable, online
 *   memory_hotplug.online_policy=
 *                              what online is: contig-zones, the kernel's zone,
 *                              or auto-movable, MU_ONLINE_RATIO
 *   memory_hotplug.auto_movable_ratio=
 *                              percent
 *
 * @len bytes at @text. Other parameters are ignored. MU_ERR_SYNTAX and
 * MU_ERR_RANGE for one that makes no sense: then @config is unchanged.
 */
enum mu_status mu_config_apply_cmdline(struct mu_config *config,
				       const struct mu_machine *machine,
				       const char *text, size_t len,
				       struct mu_error *error) MU_MUST_CHECK;

/*
 * Everything that is known about one machine's memory. The client may use the
 * floors under this one directly: mm.memblock before start, mm.buddy and
 * mm.memmap after.
 */
struct mu_mm {
	const struct mu_port *port;
	const struct mu_machine *machine; /* NULL: every distance is 20 */
	struct mu_config config;
	struct mu_limits limits;
	unsigned page_shift;
	unsigned nr_nodes;
	struct mu_layout layout;
	/* memblock's tables, which once the allocator runs change under both
	 * this and the hotplug lock (memup/hotplug.h). Taken after that lock
	 * and before a zone's. */
	struct mu_lock reserved_lock;
	/* The descriptors of reserved memory, and its handing over to the
	 * allocator: whoever holds this lock may write them, because what is
	 * reserved stays so meanwhile. Taken before the hotplug lock. */
	struct mu_lock late_lock;
	struct mu_page_ext *exts; /* registered before the start (C) */
	bool hotplug_settled;	  /* mu_mm_movable_node() was called */

	struct mu_memblock memblock;
	struct mu_memmap memmap;
	struct mu_buddy buddy;
	struct mu_deferred deferred;
	struct mu_devices devices; /* and the hotplug lock */
	struct mu_hotplug hotplug;
};

/* Make @mm empty, with 4 KiB pages. @port, not NULL, must outlive it. Early
 * boot, one CPU, like all functions here until mu_mm_start() has returned. */
void mu_mm_init(struct mu_mm *mm, const struct mu_port *port);

/*
 * Put the RAM of @machine (finished; must outlive @mm) into the memblock and
 * adopt its page size. memblock's errors.
 */
enum mu_status mu_mm_add_machine(struct mu_mm *mm,
				 const struct mu_machine *machine,
				 struct mu_error *error) MU_MUST_CHECK;

/*
 * What is reserved so far cannot be moved: the memory of its nodes cannot be
 * removed and loses MU_MEMBLOCK_HOTPLUG, and nothing will be allocated from
 * memory that still has the flag (memblock.movable_node), as in Linux with
 * movable_node (numa_clear_kernel_node_hotplug()). mu_mm_start() does it if
 * mu_config.movable_node is set; call it earlier, once the kernel itself and
 * what its loader left are reserved, so that a crash kernel or other early
 * allocations neither take removable memory nor make a node's memory
 * unremovable. Once is enough. memblock's errors.
 */
enum mu_status mu_mm_movable_node(struct mu_mm *mm) MU_MUST_CHECK;

/*
 * Keep @ext for each page from mu_mm_start() on: see memup/page_ext.h. Any
 * number of extensions, each added once, before mu_mm_start(). MU_ERR_INVALID
 * when it has no size or no base, or its base is not aligned to 8. Whether its
 * addresses suffice is checked by mu_mm_start().
 */
enum mu_status mu_mm_add_page_ext(struct mu_mm *mm,
				  struct mu_page_ext *ext) MU_MUST_CHECK;

/*
 * Make room for memory and devices that come after the start: see struct
 * mu_limits. Every node below limits->nodes exists from the start, without
 * memory until some comes. The port's memmap has to reach that far. Without
 * this call nothing can come beyond the memory that is there at the start.
 * MU_ERR_RANGE for an end past MU_PHYS_MAX or more than MU_MAX_NODES nodes.
 * Before mu_mm_size().
 */
enum mu_status mu_mm_set_limits(struct mu_mm *mm,
				const struct mu_limits *limits,
				struct mu_error *error) MU_MUST_CHECK;

/*
 * How many ranges may be reserved between mu_mm_size() and mu_mm_start(): the
 * tables themselves, memblock's own arrays that move when it is full, and what
 * else the client takes.
 */
#define MU_MM_MORE_RESERVED 8

/*
 * Bytes that mu_mm_start() will need for its tables, a multiple of 64, given
 * the limits, the port's CPUs and what memblock holds now, and with room for
 * MU_MM_MORE_RESERVED more reserved ranges; 0 when it holds no memory. So the
 * buffer may be allocated from memblock itself. Whoever reserves more than that
 * afterwards, or adds memory, asks again. O(ranges).
 */
size_t mu_mm_size(const struct mu_mm *mm);

/*
 * Bytes of addresses that the memmap of mu_mm_start() spans: from the
 * descriptor of pfn 0 to the end of the section of the last pfn of all memory,
 * and of the limits; 0 where there are neither. Few of them need memory
 * behind them. Early boot, before mu_mm_start(). O(1).
 */
uint64_t mu_mm_memmap_span(const struct mu_mm *mm);

/* Bytes of addresses that a page extension of @size bytes per page spans
 * likewise, for mu_page_ext.span. O(1). */
uint64_t mu_mm_page_ext_span(const struct mu_mm *mm, size_t size);

/* Bytes of it that are backed once all of @mm's memory is initialised. Holes
 * take none. O(ranges). */
uint64_t mu_mm_memmap_bytes(const struct mu_mm *mm);

/*
 * Build nodes, zones, sections and extents in @tables (@tables_size bytes, at
 * least what mu_mm_size() says, aligned to 64, contents do not matter) and open
 * the allocator. @memmap is where the port keeps the descriptor of pfn 0: the
 * first of mu_mm_memmap_span() bytes of addresses, aligned to 64, which are
 * backed where memmap_map was called, or all of them without that hook.
 * memblock must not change any more.
 *
 * MU_ERR_NOT_FOUND when there is no memory; MU_ERR_INVALID for @tables or
 * @memmap that are not aligned; MU_ERR_FULL when @tables_size is too small for
 * what memblock holds by now, or the span of a page extension for the memory
 * (@error names both sizes: call again with more);
 * MU_ERR_RANGE for limits that are not in order; MU_ERR_NOMEM when the memmap
 * cannot be backed; memblock's errors with movable_node. After NOMEM and
 * memblock's errors @mm must be initialised again; after the others the call
 * may be repeated, and nothing was written to @tables.
 */
enum mu_status mu_mm_start(struct mu_mm *mm, const struct mu_config *config,
			   struct mu_page *memmap, void *tables,
			   size_t tables_size,
			   struct mu_error *error) MU_MUST_CHECK;

/*
 * Initialise what is still pristine, with up to @max_threads threads: see
 * mu_deferred_finish(). Under the deferred policy call it when CPUs are up;
 * under the lazy policy at any time, or never.
 *
 * Nothing in memup needs all descriptors; a client that does (an image of all
 * memory for hibernation, a scan of every page, an array that is handed to a
 * debugger) calls this first, or mu_init_now() for a range, and then walks with
 * mu_memmap_next(), which returns only what is initialised.
 */
enum mu_status mu_mm_finish(struct mu_mm *mm,
			    unsigned max_threads) MU_MUST_CHECK;

/* What a page is. */
enum mu_page_state {
	MU_STATE_ABSENT,   /* no memory there: a hole */
	MU_STATE_RESERVED, /* memory that is not the allocator's */
	MU_STATE_PRISTINE, /* the allocator's, its descriptor not written */
	MU_STATE_BUSY,	   /* claimed, being initialised */
	MU_STATE_ONLINE,   /* free, allocated or poisoned */
	MU_STATE_DEVICE,   /* in a pagemap: see memup/device.h */
	MU_STATE_OFFLINE,  /* memory that was taken offline, or never online */
};

/* "absent", "reserved", ...; never NULL. Any context. */
const char *mu_page_state_str(enum mu_page_state state);

/*
 * The state of @pfn at this moment: pristine pages may become busy and then
 * online at any time, reserved ones may be freed; online pages stay online, and
 * absent ones absent until a device is registered there. A page inside one with
 * a single descriptor is online; inside a gigantic one it is busy for a moment
 * while it gets its own, when the gigantic page is split or freed. O(log
 * ranges). Any context but NMI.
 */
enum mu_page_state mu_page_state(struct mu_mm *mm, mu_pfn_t pfn);

/*
 * Find the descriptor for @pfn: *@page is its own, or the first one of the huge
 * or gigantic page that it is in. It is written, and stays so until its memory
 * is taken offline, which cannot happen while one of its pages is allocated.
 * Where there is none the status tells why: MU_ERR_HOLE, MU_ERR_PRISTINE,
 * MU_ERR_BUSY (it is being written), MU_ERR_OFFLINE, MU_ERR_RESERVED (memory
 * that is not the allocator's, for which nobody asked for one),
 * MU_ERR_NOT_FOUND (a device's: call mu_device_page()). mu_init_now() writes
 * those of pristine and reserved memory. O(log ranges); for memory that is
 * known to stay mu_memmap_head() is faster. Any context but NMI. (Linux:
 * pfn_to_online_page(), M. Hocko, "mm: consider zone which is not fully
 * populated to have holes", 2017.)
 */
enum mu_status mu_pfn_to_online_page(struct mu_mm *mm, mu_pfn_t pfn,
				     struct mu_page **page) MU_MUST_CHECK;

/*
 * Write the descriptors of [@start, @end) now, wherever they are in pristine
 * memory: pristine and busy blocks come online (all of each block that the
 * range touches), reserved memory gets descriptors marked reserved, unless it
 * is reserved-noinit; holes get none, and a huge or gigantic page keeps its
 * single descriptor. MU_ERR_RANGE when the range is empty, passes the end of
 * memory, or crosses from one node to another (then nothing is done);
 * MU_ERR_NOMEM when there is no backing, MU_ERR_FULL when an extent had to be
 * cut in two and the zone has no room for one more: what was done by then stays
 * done. Any number of CPUs at once; not in interrupt context.
 */
enum mu_status mu_init_now(struct mu_mm *mm, mu_pfn_t start,
			   mu_pfn_t end) MU_MUST_CHECK;

/*
 * Give [@base, @base + @size), bytes that were reserved so far, to the
 * allocator: memory that the boot used and nobody needs any more. Pages that
 * the range covers only in part stay reserved. Whole blocks that were reserved
 * as a whole become pristine, the rest comes online at once: nothing is lost
 * and nothing is initialised early. (Linux drops such pages while descriptors
 * are deferred, 140 MB of 512 in one case: "efi: ... efi_free_boot_services",
 * 2026.)
 *
 * MU_ERR_RANGE when it wraps or passes the end of memory, MU_ERR_HOLE when some
 * of it is not memory or NOMAP, MU_ERR_NOT_ALLOCATED when some of it is not
 * reserved (freed twice): then nothing has changed. MU_ERR_NOMEM when the
 * memmap of a part cannot be backed, MU_ERR_FULL when memblock's table has no
 * room for one more hole: then what lies before that part is freed, and the
 * rest stays reserved and may be freed later. Any number of CPUs at once; not
 * in interrupt context.
 */
enum mu_status mu_free_reserved(struct mu_mm *mm, mu_phys_t base,
				mu_phys_t size) MU_MUST_CHECK;

/* All pages up to the end of memory, or of the limits, counted by state. */
struct mu_census {
	uint64_t allocated;
	uint64_t free;
	uint64_t pristine;
	uint64_t busy;
	uint64_t reserved;
	uint64_t offline;  /* there, but out of use */
	uint64_t poisoned; /* taken out of the allocator for good */
	uint64_t device;   /* in a pagemap, initialised or not */
	uint64_t hole;
	uint64_t total; /* the sum of the others */
};

/*
 * Check conservation: every page is exactly one of the above, every free list
 * is sound, and all counters agree with a full walk of what was initialised.
 * @census and @error may be NULL. MU_ERR_CORRUPT with what does not hold. No
 * other CPU may be in the allocator. O(pages initialised + ranges).
 */
enum mu_status mu_validate(struct mu_mm *mm, struct mu_census *census,
			   struct mu_error *error) MU_MUST_CHECK;

#endif /* MEMUP_BOOT_H */
