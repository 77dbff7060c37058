//! What JavaScript calls: it writes a request into memory, calls [`answer`], and reads the answer.
//!
//! The memory belongs to two vectors on this side, so nothing here dereferences a pointer. A call that grows the memory detaches views of
//! it: JavaScript makes a new view after each call.
#![allow(unsafe_code, reason = "an exported name is one that no other function may have")]

use std::sync::{Mutex, MutexGuard, PoisonError};

static REQUEST: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static ANSWER: Mutex<String> = Mutex::new(String::new());

/// There is one thread, and a panic ends the program.
fn of<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes room for a request of so many bytes of UTF-8, and tells where.
#[unsafe(no_mangle)]
pub extern "C" fn request(length: usize) -> *mut u8 {
    let mut request = of(&REQUEST);
    request.clear();
    request.resize(length, 0);
    request.as_mut_ptr()
}

/// Answers the request, and tells how many bytes the answer has.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> usize {
    let request = std::mem::take(&mut *of(&REQUEST));
    let mut answer = of(&ANSWER);
    *answer = crate::answer(&String::from_utf8_lossy(&request));
    answer.len()
}

/// Where the answer stands.
#[unsafe(no_mangle)]
pub extern "C" fn answer_start() -> *const u8 {
    of(&ANSWER).as_ptr()
}
