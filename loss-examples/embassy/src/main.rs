//! Rows of a camera that an interrupt fills, as DMA does, summed by a task that awaits them: the bits of a plain loop.
//!
//! Two channels of `embassy-sync` hand rows over, empty ones to the interrupt and filled ones to the task, without a copy: the interrupt writes into one row while the task reads another, and if
//! the task is late, the camera waits. Sums are plain values, so nothing of them is in the way of `await`.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use embassy_executor::Spawner;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use loss_core::watch::Watch;
use loss_core::{Bce, Dice, Loss, Pointwise};
use semihosting::{println, process};
use static_cell::StaticCell;

const WIDTH: usize = 96;
const HEIGHT: u32 = 96;
/// How many rows the ring has.
const ROWS: usize = 3;

/// A row: logits and mask.
#[derive(Clone, Copy)]
struct Row {
    logits: [f32; WIDTH],
    mask: [bool; WIDTH],
}

impl Row {
    const EMPTY: Self = Self { logits: [0.0; WIDTH], mask: [false; WIDTH] };

    /// What the camera sees of a row.
    fn capture(&mut self, y: u32) {
        for (x, (logit, target)) in (0u32..).zip(self.logits.iter_mut().zip(&mut self.mask)) {
            let distance = (x.abs_diff(40).pow(2) + y.abs_diff(50).pow(2)) as i32;
            let noise = ((x * 7919 + y * 104_729) % 997) as i32 - 498;
            *target = distance < 576;
            *logit = ((576 - distance).clamp(-1500, 1500) * 4 + 3 * noise) as f32 / 1024.0;
        }
    }
}

/// Rows that are empty, and rows that are filled: who takes one out has it alone, and nothing is copied.
type Rows = Channel<CriticalSectionRawMutex, &'static mut Row, ROWS>;

static EMPTY: Rows = Channel::new();
static FILLED: Rows = Channel::new();
/// The row that comes next.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Fills a row, if one is empty: what a DMA controller does by itself.
#[exception]
fn SysTick() {
    let y = NEXT.load(Ordering::Relaxed);
    if y < HEIGHT {
        if let Ok(row) = EMPTY.try_receive() {
            row.capture(y);
            NEXT.store(y + 1, Ordering::Relaxed);
            // There is room for all rows.
            let _ = FILLED.try_send(row);
        }
    }
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static ROOM: StaticCell<[Row; ROWS]> = StaticCell::new();
    for row in ROOM.init([Row::EMPTY; ROWS]) {
        let _ = EMPTY.try_send(row);
    }
    if let Some(peripherals) = cortex_m::Peripherals::take() {
        start(peripherals.SYST);
    }
    process::exit(if watch().await.is_some() { 0 } else { 1 })
}

fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(2_000);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// Sums the rows as they come, and compares with a loop over the same rows.
async fn watch() -> Option<()> {
    let loss = Bce::new().mean() + Dice::new(1e-5).ok()?;
    let (mut sums, mut watch) = (loss.counting_accumulator(), Watch::<16>::new(-8.0, 8.0).ok()?);
    for _ in 0..HEIGHT {
        let row = FILLED.receive().await;
        sums.extend(row.logits.iter().zip(&row.mask));
        watch.extend(row.logits.iter().copied());
        let _ = EMPTY.try_send(row);
    }

    let (mut plain, mut row) = (loss.counting_accumulator(), Row::EMPTY);
    for y in 0..HEIGHT {
        row.capture(y);
        plain.extend(row.logits.iter().zip(&row.mask));
    }
    let (value, expected) = (sums.nearest_value().ok()?, plain.nearest_value().ok()?);
    let entropy = watch.finish().ok()?.entropy as f32;
    println!("awaited   {:08x}, {} pixels, entropy {:08x}", value.to_bits(), sums.counts().valid, entropy.to_bits());
    println!("plain     {:08x}, {} pixels", expected.to_bits(), plain.counts().valid);
    (sums == plain).then(|| println!("equal bits"))
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    process::exit(2)
}
