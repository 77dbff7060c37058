//! What JavaScript calls: there is no standard output here.
#![allow(unsafe_code, reason = "an exported name is one that no other function may have")]

use std::sync::OnceLock;

static TEXT: OnceLock<String> = OnceLock::new();

fn text() -> &'static str {
    TEXT.get_or_init(|| crate::everything().0)
}

/// Where the lines stand in memory.
#[unsafe(no_mangle)]
pub extern "C" fn lines() -> *const u8 {
    text().as_ptr()
}

/// How many bytes they are.
#[unsafe(no_mangle)]
pub extern "C" fn length() -> usize {
    text().len()
}
