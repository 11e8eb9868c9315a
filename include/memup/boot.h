/* SPDX-License-Identifier: MIT */
/*
 * boot: the sequence from a machine's description to an allocator that owns all
 * of its memory.
 *
 *     mu_mm_init(&mm, port)
 *     mu_mm_add_machine(&mm, machine)    RAM into memblock, with its nodes
 *     mu_memblock_reserve(&mm.memblock)  what the client keeps: image, initrd
 *     size = mu_mm_size(&mm)             one buffer for every table
 *     span = mu_mm_memmap_span(&mm)      addresses for the descriptors
 *     mu_mm_start(&mm, &config, memmap, buf)
 *                                        nodes, zones, sections, extents; from
 *                                        here on mu_alloc_pages() can give
 *                                        every page there is
 *     mu_mm_finish(&mm, threads)         helpers; policy deferred
 *
 * What start does is O(ranges + nodes^2): the ragged ends of ranges become
 * pages, whole blocks become extents. Only the eager policy initialises all
 * descriptors before it returns.
 *
 * Zones follow Linux: DMA below 16 MiB and DMA32 below 4 GiB (both can be
 * changed: they are the platform's), MOVABLE from the end of each node as
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
	 * shares of the nodes; 0: not asked for. It begins with a block on each
	 * node, so movablecore may get a block less of each, and less where
	 * lower zones have the share.
	 * kernelcore_mirror: instead, mirrored memory (MU_RANGE_MIRROR) and
	 * what is below 4 GiB is not movable, the rest is. MOVABLE and the
	 * zones of mirrored memory then lie between each other: the span of one
	 * may hold pages of the other. On a machine without a mirror neither it
	 * nor the two above have an effect.
	 * movable_node: instead of all three, memory that can be removed is
	 * MOVABLE: what has MU_MEMBLOCK_HOTPLUG after mu_mm_movable_node().
	 */
	mu_phys_t kernelcore;
	mu_phys_t movablecore;
	bool kernelcore_mirror;
	bool movable_node;
	/*
	 * On the node of this address MOVABLE begins here, at the next block's
	 * border, if not before: for memory that will be needed in one piece,
	 * such as mu_crashkernel.cma_base. 0, or no memory there: not asked
	 * for.
	 */
	mu_phys_t movable_from;
	/* Pages that the min watermarks add up to; 0: from the memory's size.
	 */
	uint64_t min_free_pages;
	/*
	 * What becomes of memory that is added later (MU_ONLINE_DEFAULT); zero
	 * is MU_ONLINE_NO. And how much may be MOVABLE under MU_ONLINE_RATIO,
	 * in percent of what is not; 0: 301, as in Linux.
	 */
	enum mu_online auto_online;
	unsigned movable_ratio;
	/* Measure each claim with the port's clock. */
	bool measure;
	/*
	 * How many blocks the eager policy and mu_mm_finish() claim and
	 * initialise at once, up to 32; 0 and 1: one. A fence, the zone's lock
	 * and what helpers share are paid once for all of them; but interrupts
	 * are off for so many blocks, and who has to wait for the last ones
	 * waits as long. Growth on demand is one block in any case.
	 */
	unsigned batch;
	/*
	 * Most pages that the page cache of one CPU holds of a zone
	 * (memup/buddy.h); 0: from the zone's size, none in small zones;
	 * MU_NO_CACHES: there are none.
	 */
	unsigned cache_pages;
};

/* Linux's x86-64 zones, the lazy policy, no MOVABLE zone. */
struct mu_config mu_config_default(void);

/*
 * As above, with the zones that Linux has on @machine (mu_machine_zones()), and
 * what the parameters of its own kernel (machine->cmdline) say of MOVABLE and
 * of memory that is added; one that makes no sense is passed over, as the
 * kernel does. @machine is finished.
 */
struct mu_config mu_config_for(const struct mu_machine *machine);

/*
 * Do to @config what kernelcore=N, movablecore=N (N bytes, with K, M, G, T, P
 * or E, or N% of the RAM of @machine, which is finished), kernelcore=mirror and
 * movable_node on a kernel's command line ask for, the last of each; and what
 * is to be done with memory that is added later:
 *
 *   memhp_default_state=       offline, online_kernel, online_movable, online
 *   memory_hotplug.online_policy=
 *                              what online is: contig-zones, the kernel's zone,
 *                              or auto-movable, MU_ONLINE_RATIO
 *   memory_hotplug.auto_movable_ratio=
 *                              percent
 *
 * @len bytes at @text. Other parameters are passed over. MU_ERR_SYNTAX and
 * MU_ERR_RANGE for one that makes no sense: @config is as it was then.
 */
enum mu_status mu_config_apply_cmdline(struct mu_config *config,
				       const struct mu_machine *machine,
				       const char *text, size_t len,
				       struct mu_error *error) MU_MUST_CHECK;

/*
 * Everything that is known of one machine's memory. The floors under this one
 * are open to the client: mm.memblock before start, mm.buddy and mm.memmap
 * after.
 */
struct mu_mm {
	const struct mu_port *port;
	const struct mu_machine *machine; /* NULL: every distance is 20 */
	struct mu_config config;
	struct mu_limits limits;
	unsigned page_shift;
	unsigned nr_nodes;
	struct mu_layout layout;
	/* memblock's tables, which change under the hotplug lock as well once
	 * the allocator runs (memup/hotplug.h). Taken after that one and before
	 * a zone's. */
	struct mu_lock reserved_lock;
	/* The descriptors of reserved memory, and what becomes the allocator's
	 * of it: whoever has the lock may write them, since what is reserved
	 * stays so. Taken before the hotplug lock. */
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

/* An empty @mm with 4 KiB pages. @port, not NULL, must outlive it. Early boot,
 * one CPU, as all functions here until mu_mm_start() has returned. */
void mu_mm_init(struct mu_mm *mm, const struct mu_port *port);

/*
 * Put the RAM of @machine (finished; must stay while @mm does) into the
 * memblock and take its page size. memblock's errors.
 */
enum mu_status mu_mm_add_machine(struct mu_mm *mm,
				 const struct mu_machine *machine,
				 struct mu_error *error) MU_MUST_CHECK;

/*
 * What is reserved by now stays: the memory of the nodes that it is on cannot
 * be removed and loses MU_MEMBLOCK_HOTPLUG, and nothing will be allocated from
 * what still has that (memblock.movable_node), as in Linux with movable_node
 * (numa_clear_kernel_node_hotplug()). mu_mm_start() does it if
 * mu_config.movable_node is set; call it before that, once the kernel itself
 * and what its loader left are reserved, so that a crash kernel or whatever is
 * allocated early neither takes memory that could go nor counts. Once is
 * enough. memblock's errors.
 */
enum mu_status mu_mm_movable_node(struct mu_mm *mm) MU_MUST_CHECK;

/*
 * From the start on @ext is kept for each page: see memup/page_ext.h. Any
 * number of them, each once, before mu_mm_start(). MU_ERR_INVALID when it has
 * no size or no base, or its base is not aligned to 8.
 */
enum mu_status mu_mm_add_page_ext(struct mu_mm *mm,
				  struct mu_page_ext *ext) MU_MUST_CHECK;

/*
 * Have room for memory and devices that come after the start: see struct
 * mu_limits. Every node below limits->nodes exists from the start, without
 * memory until some comes. The port's memmap has to reach as far. Without this
 * call nothing can come past the memory of the start. MU_ERR_RANGE for an end
 * past MU_PHYS_MAX or more than MU_MAX_NODES nodes. Before mu_mm_size().
 */
enum mu_status mu_mm_set_limits(struct mu_mm *mm,
				const struct mu_limits *limits,
				struct mu_error *error) MU_MUST_CHECK;

/*
 * Bytes that mu_mm_start() will need for its tables, with what memblock holds
 * now and the limits; 0 when it holds no memory. O(ranges).
 */
size_t mu_mm_size(const struct mu_mm *mm);

/*
 * Bytes of addresses that the memmap of mu_mm_start() lies in: from the
 * descriptor of pfn 0 to the end of the section that the last pfn of all memory
 * is in, and of the limits. Few of them need memory behind them.
 */
uint64_t mu_mm_memmap_span(const struct mu_mm *mm);

/* Bytes of it behind which there is memory when all of @mm's is initialised.
 * Holes take none. O(ranges). */
uint64_t mu_mm_memmap_bytes(const struct mu_mm *mm);

/*
 * Build nodes, zones, sections and extents in @buf (mu_mm_size() bytes, aligned
 * to 64, contents do not matter) and open the allocator. @memmap is where the
 * port keeps the descriptor of pfn 0: the first of mu_mm_memmap_span() bytes of
 * addresses, aligned to 64, that are backed where memmap_map was asked to, or
 * all of them without that hook. memblock must not change any more.
 * MU_ERR_NOT_FOUND when there is no memory, MU_ERR_RANGE for limits that are
 * not in order, MU_ERR_NOMEM when the memmap cannot be backed; memblock's
 * errors with movable_node. Of all but the first two @mm must be initialised
 * again.
 */
enum mu_status mu_mm_start(struct mu_mm *mm, const struct mu_config *config,
			   struct mu_page *memmap, void *buf,
			   struct mu_error *error) MU_MUST_CHECK;

/*
 * Initialise what is still pristine, with up to @max_threads threads: see
 * mu_deferred_finish(). What the deferred policy calls when CPUs are up; under
 * the lazy policy it may be called at any time, or never.
 *
 * Nothing in memup needs all descriptors; a client that does (an image of all
 * memory for hibernation, a scan of every page, an array that is handed to a
 * debugger) calls this first, or mu_init_now() for a range, and then walks with
 * mu_memmap_next(), which shows what is initialised and nothing else.
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
	MU_STATE_DEVICE,   /* in a pagemap: memup/device.h tells more */
	MU_STATE_OFFLINE,  /* memory that was taken offline, or never came on */
};

/* "absent", "reserved", ...; never NULL. Any context. */
const char *mu_page_state_str(enum mu_page_state state);

/*
 * The state of @pfn, at this moment: pristine pages may become busy and then
 * online at any time, reserved ones may be freed; online stays, and absent does
 * until a device is registered there. A page inside one with a single
 * descriptor is online; where that is a gigantic one it is busy for a moment
 * when it gets its own, because the page is split or freed. O(log ranges). Any
 * context but NMI.
 */
enum mu_page_state mu_page_state(struct mu_mm *mm, mu_pfn_t pfn);

/*
 * Have the descriptors of [@start, @end) written now, wherever they are in
 * pristine memory: pristine and busy blocks come online (all of each block that
 * the range touches), reserved memory gets descriptors marked reserved, unless
 * it is reserved-noinit; holes stay without, and a huge or gigantic page keeps
 * the one that tells of all of it. MU_ERR_RANGE when the range is
 * empty, passes the end of memory, or crosses from one node to another (nothing
 * is done then); MU_ERR_NOMEM when there is no backing, MU_ERR_FULL when an
 * extent had to be cut in two and the zone has no room for one more: what was
 * done by then stays. Any number of CPUs at once; not in interrupt context.
 */
enum mu_status mu_init_now(struct mu_mm *mm, mu_pfn_t start,
			   mu_pfn_t end) MU_MUST_CHECK;

/*
 * The allocator gets [@base, @base + @size), bytes that were reserved so far:
 * what the boot used and nobody needs any more. Pages that the range covers in
 * part stay reserved. Whole blocks that were reserved as a whole become
 * pristine, the rest comes online at once: nothing is lost and nothing is
 * touched before its time. (Linux drops such pages while descriptors are
 * deferred, 140 MB of 512 in one case: "efi: ... efi_free_boot_services",
 * 2026.)
 *
 * MU_ERR_RANGE when it wraps or passes the end of memory, MU_ERR_HOLE when some
 * of it is not memory or NOMAP, MU_ERR_NOT_ALLOCATED when some of it is not
 * reserved (freed twice): nothing has changed then. MU_ERR_NOMEM when the
 * memmap of a part cannot be backed, MU_ERR_FULL when memblock's table has no
 * room for one more hole: what lies before that part is freed, the rest is
 * reserved as it was, and may be freed again later. Any number of CPUs at once;
 * not in interrupt context.
 */
enum mu_status mu_free_reserved(struct mu_mm *mm, mu_phys_t base,
				mu_phys_t size) MU_MUST_CHECK;

/* Every page up to the end of memory, or of the limits, by what it is. */
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
 * Prove conservation: every page is exactly one of the above, every free list
 * is sound, and all counters agree with a full walk of what was initialised.
 * @census and @error may be NULL. MU_ERR_CORRUPT with what does not hold. Needs
 * quiet: no other CPU in the allocator. O(pages initialised + ranges).
 */
enum mu_status mu_validate(struct mu_mm *mm, struct mu_census *census,
			   struct mu_error *error) MU_MUST_CHECK;

#endif /* MEMUP_BOOT_H */
