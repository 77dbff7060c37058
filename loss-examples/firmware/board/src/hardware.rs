//! What the hardware is asked for: a way out for text, a counter of instructions, the stack. The only `unsafe` of the firmware.

use core::arch::asm;
use core::ffi::CStr;
use core::hint;
use core::ptr;

#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;
use semihosting::process;
use semihosting::sys::arm_compat::sys_write0;

/// Writes a line by semihosting.
pub fn print(line: &CStr) {
    sys_write0(line);
}

/// Ends the program and QEMU with it.
pub fn exit(succeeded: bool) -> ! {
    process::exit(if succeeded { 0 } else { 1 })
}

// SAFETY: the processor calls it, once: it uses nothing that what was interrupted may be changing, and does not return.
/// A fault of the processor: ends QEMU with a line, where the handler that comes with `cortex-m-rt` would wait for ever.
#[cfg(target_arch = "arm")]
#[cortex_m_rt::exception]
unsafe fn HardFault(_: &cortex_m_rt::ExceptionFrame) -> ! {
    fault()
}

// SAFETY: as above.
/// Any other exception or interrupt; none is asked for.
#[cfg(target_arch = "arm")]
#[cortex_m_rt::exception]
unsafe fn DefaultHandler(_: i16) -> ! {
    fault()
}

// SAFETY: the name and the signature are those that `riscv-rt` calls.
/// A trap: ends QEMU with a line, where the handler that comes with `riscv-rt` would wait for ever.
#[cfg(target_arch = "riscv32")]
#[unsafe(export_name = "ExceptionHandler")]
fn exception(_: &riscv_rt::TrapFrame) -> ! {
    fault()
}

// SAFETY: as above.
/// An interrupt; none is asked for.
#[cfg(target_arch = "riscv32")]
#[unsafe(export_name = "DefaultHandler")]
fn interrupt() -> ! {
    fault()
}

fn fault() -> ! {
    print(FAULT);
    exit(false)
}

/// What a fault prints.
const FAULT: &CStr = c"fault: the processor could not go on\n";

/// Gives the processor an instruction that none has, to see what becomes of a fault.
pub fn cause_fault() {
    // SAFETY: never returns from the instruction, which changes nothing.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("udf #0", options(nomem, nostack));
    }
    // SAFETY: as above.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!("unimp", options(nomem, nostack));
    }
}

/// Nothing may panic, so what a panic would call does not exist: a program that can panic does not link.
#[cfg(not(feature = "panic-report"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    // SAFETY: there is no such function, so no declaration of it is wrong.
    unsafe extern "C" {
        fn this_program_can_panic() -> !;
    }
    // SAFETY: never linked, so never called.
    unsafe { this_program_can_panic() }
}

/// To find what panics: a program that links whatever it does, and ends when it panics.
#[cfg(feature = "panic-report")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    print(c"panic\n");
    exit(false)
}

/// Counts instructions: with `-icount shift=0`, QEMU's time is one nanosecond an instruction.
#[derive(Debug)]
pub struct Clock(());

impl Clock {
    /// Starts to count.
    #[cfg(target_arch = "arm")]
    pub fn start() -> Self {
        use cortex_m::peripheral::syst::SystClkSource;
        // SAFETY: the timer is used by nothing else: a program has one clock.
        let mut timer = unsafe { cortex_m::Peripherals::steal() }.SYST;
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(0x00ff_ffff);
        timer.clear_current();
        timer.enable_counter();
        Self(())
    }

    /// Starts to count.
    #[cfg(target_arch = "riscv32")]
    pub fn start() -> Self {
        Self(())
    }

    /// What an action takes, in ticks of the clock: fewer than 2²⁴, or the count is wrong.
    pub fn ticks(&self, action: impl FnOnce()) -> u32 {
        let before = self.now();
        action();
        let after = self.now();
        after.wrapping_sub(before) & 0x00ff_ffff
    }

    #[cfg(target_arch = "arm")]
    fn now(&self) -> u32 {
        // The timer counts down.
        cortex_m::peripheral::SYST::get_current().wrapping_neg()
    }

    #[cfg(target_arch = "riscv32")]
    fn now(&self) -> u32 {
        riscv::register::minstret::read() as u32
    }
}

/// A loop of two instructions a turn, to tell how many instructions a tick is.
#[inline(never)]
pub fn two_instructions_a_turn(turns: u32) {
    // SAFETY: counts a register down to 0.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("2:", "subs {0}, #1", "bne 2b", inout(reg) turns => _, options(nomem, nostack));
    }
    // SAFETY: counts a register down to 0.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!("2:", "addi {0}, {0}, -1", "bnez {0}, 2b", inout(reg) turns => _, options(nomem, nostack));
    }
}

/// How much of the stack is watched.
pub const WATCHED_STACK: usize = 4096;
/// What is next to the stack pointer is in use by those who watch.
const IN_USE: usize = 128;
const PAINT: u32 = 0xa5c3_5a3c;

fn stack_pointer() -> usize {
    let pointer: usize;
    // SAFETY: reads a register.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack));
    }
    // SAFETY: reads a register.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack));
    }
    pointer
}

/// How many bytes of stack an action needs below its caller; `None` if more than are watched.
#[inline(never)]
pub fn stack_depth(action: impl FnOnce()) -> Option<usize> {
    let top = stack_pointer();
    let (end, start) = (top.wrapping_sub(IN_USE) & !3, top.wrapping_sub(WATCHED_STACK) & !3);
    let mut at = start;
    while at < end {
        // SAFETY: RAM below the stack pointer, and above the static variables, as the boards' memory has room for.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(at).write_volatile(PAINT) };
        at = at.wrapping_add(4);
    }
    hint::black_box(action)();
    let mut at = start;
    // SAFETY: as above.
    while at < end && unsafe { ptr::with_exposed_provenance::<u32>(at).read_volatile() } == PAINT {
        at = at.wrapping_add(4);
    }
    (at > start).then(|| top.wrapping_sub(at))
}
