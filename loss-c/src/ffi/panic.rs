//! The function called in a panic. No panic exists, because a program in which one can happen does not link.

use core::panic::PanicInfo;

unsafe extern "C" {
    /// Defined nowhere, so the linker names it if anything can panic.
    fn loss_c_must_not_be_able_to_panic() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: the function does not exist, so a program that could call it was never linked.
    unsafe { loss_c_must_not_be_able_to_panic() }
}
