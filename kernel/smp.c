// SPDX-License-Identifier: MIT
/*
 * smp: all CPUs up.
 *
 * Each CPU gets a page for itself and its stacks from its own node, then all
 * are sent INIT and, 10 ms later, SIPI (twice, 200 us apart, for those that
 * have not answered): SDM vol. 3, "Multiple-Processor Initialization". They
 * start together: trampoline.S identifies each by its APIC id. One that does
 * not answer in time is marked as given up, so that it halts if it starts
 * later, and is never used.
 *
 *     OFF --INIT, SIPI--> ALIVE      by the CPU
 *      \----------------> GIVEN_UP   by the boot CPU, after a second
 */
#include "kernel/cpu.h"
#include "kernel/interrupt.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/paging.h"
#include "kernel/string.h"
#include "ports/x86_64/asm.h"

#define TIMEOUT_NS UINT64_C(1000000000)
#define CPU_ORDER  3 /* pages: the struct, 4 of stack, 2 of the other one */

/* Read by trampoline.S, which knows its layout. */
struct start_slot {
	uint64_t apic_id;
	uintptr_t stack_end;
	struct kernel_cpu *cpu;
};
_Static_assert(sizeof(struct start_slot) == 24, "see trampoline.S");
_Static_assert(sizeof(struct kernel_cpu) <= PAGE, "it has a page");

enum { OFF, ALIVE, GIVEN_UP };

extern const char trampoline_start[], trampoline_end[];
extern const char trampoline_root[], trampoline_base[];

struct start_slot *start_slots;
uint32_t nr_start_slots;

static _Atomic uint32_t *states; /* by slot */

/* trampoline.S calls it on the CPU's own stack. */
_Noreturn void smp_main(struct kernel_cpu *cpu);

static bool change(unsigned slot, uint32_t to)
{
	uint32_t seen = OFF;

	/* acq_rel: what the other side wrote before is seen. */
	return atomic_compare_exchange_strong_explicit(&states[slot], &seen, to,
						       memory_order_acq_rel,
						       memory_order_relaxed);
}

_Noreturn void smp_main(struct kernel_cpu *cpu)
{
	mu_x86_enter(&cpu->x86);
	cpu_load(cpu);
	/* Page tables without the trampoline's page. */
	x86_write_cr3((uintptr_t)kernel.tables.root - DIRECT_MAP);
	x86_apic_enable(&kernel.x86.apic, VECTOR_SPURIOUS);
	if (!change(cpu->slot, ALIVE)) {
		for (;;)
			__asm__ volatile("cli; hlt");
	}
	mu_x86_idle();
}

/* ---- Before they start ---- */

/* Allocate @bytes, zeroed, for ever; or NULL. */
static void *take_bytes(size_t bytes)
{
	unsigned order = 0;
	mu_pfn_t pfn;

	while (((size_t)PAGE << order) < bytes)
		order++;
	if (mu_alloc_pages(&kernel.mm.buddy, MU_NO_NODE, order, 0, &pfn) !=
	    MU_OK)
		return NULL;
	kernel.held_pages += UINT64_C(1) << order;
	return memset(direct(pfn * PAGE), 0, bytes);
}

static struct kernel_cpu *make_cpu(const struct cpu_entry *entry)
{
	struct kernel_cpu *cpu;
	unsigned id = kernel.x86.nr_cpus;
	uintptr_t slot = STACKS + (uintptr_t)id * STACK_SLOT;
	mu_pfn_t pfn;

	if (mu_alloc_pages(&kernel.mm.buddy, entry->nid, CPU_ORDER, 0, &pfn) !=
	    MU_OK)
		return NULL;
	kernel.held_pages += UINT64_C(1) << CPU_ORDER;
	if (paging_map_stacks(id, (pfn + 1) * PAGE) != MU_OK)
		return NULL;
	cpu = memset(direct(pfn * PAGE), 0, sizeof(*cpu));
	cpu->stack_end = slot + STACK_AT + STACK_BYTES;
	cpu->fault_stack_end = slot + FAULT_STACK_AT + FAULT_STACK_BYTES;
	if (mu_x86_add_cpu(&kernel.x86, &cpu->x86, entry->apic_id,
			   entry->nid) != MU_OK)
		return NULL;
	cpu->x86.client = cpu;
	return cpu;
}

/* Everything that the other CPUs need; false when there is no memory. */
static bool make_cpus(void)
{
	struct mu_x86_cpu **table =
		take_bytes(kernel.nr_cpus * sizeof(struct mu_x86_cpu *));

	start_slots = take_bytes(kernel.nr_cpus * sizeof(*start_slots));
	states = take_bytes(kernel.nr_cpus * sizeof(*states));
	if (!table || !start_slots || !states)
		return false;
	mu_x86_set_cpus(&kernel.x86, table, kernel.nr_cpus);
	for (unsigned i = 1; i < kernel.nr_cpus; i++) {
		const struct cpu_entry *entry = &kernel.cpus[i];
		struct kernel_cpu *cpu;

		if (!kernel.x86.apic.x2 && entry->apic_id > 254) {
			log_warn("smp: CPU with APIC id %u can be reached by "
				 "an x2APIC alone, which this machine has not",
				 entry->apic_id);
			continue;
		}
		cpu = make_cpu(entry);
		if (!cpu)
			return false;
		cpu->slot = nr_start_slots;
		start_slots[nr_start_slots++] = (struct start_slot){
			.apic_id = entry->apic_id,
			.stack_end = cpu->stack_end,
			.cpu = cpu,
		};
	}
	return true;
}

/* ---- Start ---- */

static void set_word(const char *symbol, uint32_t value)
{
	char *page = direct(kernel.trampoline);

	memcpy(page + (symbol - trampoline_start), &value, sizeof(value));
}

static bool make_trampoline(void)
{
	mu_phys_t root;

	if (paging_make_start(kernel.trampoline, &root) != MU_OK) {
		paging_free_start();
		return false;
	}
	memcpy(direct(kernel.trampoline), trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	set_word(trampoline_root, (uint32_t)root);
	set_word(trampoline_base, (uint32_t)kernel.trampoline);
	return true;
}

static bool is_alive(unsigned slot)
{
	/* acquire: pairs with change(). */
	return atomic_load_explicit(&states[slot], memory_order_acquire) ==
	       ALIVE;
}

static void send_startup(void)
{
	for (unsigned i = 0; i < nr_start_slots; i++)
		if (!is_alive(i))
			x86_apic_send_startup(
				&kernel.x86.apic,
				(uint32_t)start_slots[i].apic_id,
				(uint8_t)(kernel.trampoline / PAGE));
}

/* Prepare as many CPUs as there is memory for; returns whether any. */
static bool prepare(void)
{
	if (kernel.nr_cpus == 1 || !kernel.trampoline)
		return false;
	if (!make_cpus())
		log_err("smp: there is memory for %u of %u CPUs; the others "
			"stay off",
			nr_start_slots + 1, kernel.nr_cpus);
	if (!nr_start_slots)
		return false;
	/* After the stacks, since its page tables are a copy. */
	if (make_trampoline())
		return true;
	log_err("smp: there is no memory to start CPUs with; all others stay "
		"off");
	return false;
}

/* Did all answer? Those that did not are sent INIT once more, which leaves them
 * waiting for a SIPI that will not come. */
static bool wait_for_all(void)
{
	uint64_t began = x86_tsc();
	bool all = true;

	for (unsigned i = 0; i < nr_start_slots; i++) {
		while (!is_alive(i) &&
		       x86_clock_ns(&kernel.x86.clock, x86_tsc() - began) <
			       TIMEOUT_NS)
			x86_pause();
		if (is_alive(i) || !change(i, GIVEN_UP)) {
			while (!mu_x86_is_up(&kernel.x86,
					     start_slots[i].cpu->x86.id))
				x86_pause();
			continue;
		}
		log_err("smp: the CPU with APIC id %lu does not answer; it "
			"stays off",
			start_slots[i].apic_id);
		x86_apic_send_init(&kernel.x86.apic,
				   (uint32_t)start_slots[i].apic_id);
		all = false;
	}
	return all;
}

void start_cpus(void)
{
	struct mu_x86 *x86 = &kernel.x86;

	x86_apic_init(&x86->apic, (volatile uint32_t *)DEVICES);
	x86_apic_enable(&x86->apic, VECTOR_SPURIOUS);
	x86_apic_timer_calibrate(&x86->apic, x86->clock.hz);
	x86->boot_cpu.apic_id = kernel.cpus[0].apic_id;
	x86->boot_cpu.nid = kernel.cpus[0].nid;
	x86_irq_on();
	if (prepare()) {
		for (unsigned i = 0; i < nr_start_slots; i++)
			x86_apic_send_init(&x86->apic,
					   (uint32_t)start_slots[i].apic_id);
		x86_clock_delay(&x86->clock, 10000);
		send_startup();
		x86_clock_delay(&x86->clock, 200);
		send_startup();
		/* Else some CPU may still be about to use them. */
		if (wait_for_all())
			paging_free_start();
		else
			kernel.held_pages += paging_keep_start();
	}
	kernel.stamps.cpus = x86_tsc();
}
