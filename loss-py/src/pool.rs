//! Threads that survive a `fork`.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// The pool of a process. Threads do not survive a fork, and a pool without its threads waits for ever, so another process makes another.
struct Pool {
    process: u32,
    threads: usize,
    pool: Arc<ThreadPool>,
}

/// Locked by who holds the interpreter's lock alone, and never while waiting: `fork` is called with that lock held, so no child finds it locked.
static POOL: Mutex<Option<Pool>> = Mutex::new(None);

/// How many threads were asked for; 0: as many as there are processors for this process.
static THREADS: Mutex<usize> = Mutex::new(0);

/// Sets the number of threads; 0: as many as there are processors for this process.
pub fn set_threads(threads: usize) {
    *THREADS.lock().unwrap_or_else(PoisonError::into_inner) = threads;
}

/// The number of threads.
pub fn threads() -> usize {
    match *THREADS.lock().unwrap_or_else(PoisonError::into_inner) {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

/// The pool of this process, or none if there is to be one thread. To be called with the interpreter's lock held.
pub fn pool() -> Option<Arc<ThreadPool>> {
    let threads = threads();
    if threads == 1 {
        return None;
    }
    let process = std::process::id();
    let mut kept = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = kept.as_ref().filter(|pool| pool.process == process && pool.threads == threads) {
        return Some(pool.pool.clone());
    }
    let made = ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("exactloss-{index}")).build();
    // Without threads there is one thread.
    let pool = Arc::new(made.ok()?);
    let before = kept.replace(Pool { process, threads, pool: pool.clone() });
    if let Some(before) = before.filter(|before| before.process != process) {
        // To end it, it would have to lock what a thread that is gone may have locked.
        std::mem::forget(before);
    }
    Some(pool)
}
