// What a Cortex-M4F does before main: switches the floating-point unit on, and enters newlib's semihosting start-up (rdimon), which clears
// .bss and calls main.

#include <stdint.h>

extern void _start(void);
extern uint32_t __stack;

static void reset(void) {
    volatile uint32_t *const coprocessors = (uint32_t *)0xE000ED88;
    *coprocessors |= 0xfu << 20;
    __asm__ volatile("dsb\n\tisb");
    _start();
    for (;;) {
    }
}

static void fault(void) {
    // SYS_EXIT_EXTENDED with the reason "internal error": QEMU ends with a status other than 0.
    static const uint32_t reason[2] = {0x20024, 1};
    register uint32_t operation __asm__("r0") = 0x20;
    register const uint32_t *argument __asm__("r1") = reason;
    __asm__ volatile("bkpt 0xab" : : "r"(operation), "r"(argument) : "memory");
    for (;;) {
    }
}

struct vectors {
    uint32_t *stack;
    void (*reset)(void);
    void (*faults[5])(void);
    void (*others[9])(void);
};

__attribute__((used, section(".vectors"))) static const struct vectors vectors = {
    .stack = &__stack, .reset = reset, .faults = {fault, fault, fault, fault, fault}};
