//! Processor time of one operation, measured beside the others of its table.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Processor time of one batch.
const BATCH: Duration = Duration::from_micros(150);

/// A way to do what its table is about.
pub struct Row {
    name: &'static str,
    run: Box<dyn FnMut(u32)>,
}

/// A row that does `operation`.
pub fn row<R>(name: &'static str, mut operation: impl FnMut() -> R + 'static) -> Row {
    let run = move |count| {
        for _ in 0..count {
            black_box(operation());
        }
    };
    Row { name, run: Box::new(run) }
}

/// Measures the rows in turns, so that all meet the same moods of the machine, and prints them
/// as a table with their ratio to the first.
pub fn table(title: &str, mut rows: Vec<Row>) {
    let counts: Vec<_> = rows.iter_mut().map(|row| calibrate(&mut row.run)).collect();
    let mut samples = vec![Vec::new(); rows.len()];
    for _ in 0..rounds() {
        for ((row, &count), samples) in rows.iter_mut().zip(&counts).zip(&mut samples) {
            samples.push(time(&mut row.run, count).as_nanos() as f64 / f64::from(count));
        }
    }
    println!("| {title} | ns | ratio |\n| --- | ---: | ---: |");
    let mut first = None;
    for (row, samples) in rows.iter().zip(&mut samples) {
        samples.sort_by(f64::total_cmp);
        let best = samples[samples.len() / 20];
        let ratio = best / *first.get_or_insert(best);
        println!("| {} | {best:.1} | {ratio:.2} |", row.name);
    }
    println!();
}

/// How many batches of each row; the fifth percentile of them counts.
fn rounds() -> usize {
    std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(800)
}

fn calibrate(run: &mut dyn FnMut(u32)) -> u32 {
    let mut count = 1;
    loop {
        let took = time(run, count);
        if took >= BATCH {
            return count;
        }
        count = count.saturating_mul(2);
    }
}

fn time(run: &mut dyn FnMut(u32), count: u32) -> Duration {
    let before = now();
    run(count);
    now() - before
}

/// Processor time of this thread: others on the machine do not count, nor does waiting.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
