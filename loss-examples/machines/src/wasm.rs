//! The functions that JavaScript calls, because WebAssembly has no standard output here.
#![allow(unsafe_code, reason = "an exported name is one that no other function may have")]

use std::sync::OnceLock;

/// The lines, or the processor's levels.
fn text(of_levels: bool) -> &'static str {
    static LINES: OnceLock<String> = OnceLock::new();
    static LEVELS: OnceLock<String> = OnceLock::new();
    if of_levels { LEVELS.get_or_init(crate::levels) } else { LINES.get_or_init(|| crate::everything().0) }
}

/// The address of the lines, or with 1 of the levels.
#[unsafe(no_mangle)]
pub extern "C" fn text_start(of_levels: u32) -> *const u8 {
    text(of_levels != 0).as_ptr()
}

/// The length of the same text in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn text_length(of_levels: u32) -> usize {
    text(of_levels != 0).len()
}
