//! Wall time, processor time and peak memory of every hostile input, each in a process of its own:
//! `cargo bench -p levada-schema-core --bench hostile`. Peak memory is that of the whole process
//! as Linux tells it, the input among it; processor time, in steps of 10 ms, is what the wall time
//! comes to where nothing else runs. Part of a name as argument picks cases. Incompatible pairs come
//! twice: the second time with the search for an example of the first finding.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool that may fail where it stands"
)]

#[path = "../tests/catalogue/mod.rs"]
mod catalogue;

use std::process::Command;
use std::time::Instant;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// As the registry and the command line give to their workers.
const STACK_BYTES: usize = 64 << 20;
/// What no input may pass: milliseconds of processor time and MiB.
const MS_MAX: f64 = 200.0;
const PEAK_MIB_MAX: f64 = 64.0;
const CASE: &str = "--case=";
const EXAMPLE: &str = "--example=";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(name) = args.iter().find_map(|arg| arg.strip_prefix(CASE)) {
        return child(name, catalogue::Task::run);
    }
    if let Some(name) = args.iter().find_map(|arg| arg.strip_prefix(EXAMPLE)) {
        return child(name, |task| task.examples(1).concat());
    }
    let picked = args.iter().find(|arg| !arg.starts_with("--")).map_or("", String::as_str);
    println!("| input | outcome | ms | of it processor | peak MiB |\n|---|---|---:|---:|---:|");
    let mut beyond = 0;
    for case in catalogue::cases().filter(|case| case.name.contains(picked)) {
        beyond +=
            usize::from(!row(case.name, &format!("{CASE}{}", case.name), Some(case.expected)));
        if case.expected == "incompatible" {
            let name = format!("{}, an example", case.name);
            beyond += usize::from(!row(&name, &format!("{EXAMPLE}{}", case.name), None));
        }
    }
    println!("\n{beyond} above {MS_MAX} ms or {PEAK_MIB_MAX} MiB, or with another outcome");
}

/// Prints what a process with the argument comes to; whether that is as it must be.
fn row(name: &str, argument: &str, expected: Option<&str>) -> bool {
    let program = std::env::current_exe().expect("its own path");
    let output = Command::new(program).arg(argument).output().expect("a child process");
    let text = String::from_utf8_lossy(&output.stdout);
    let [outcome, ms, cpu, peak] = text.trim().split('\t').collect::<Vec<_>>()[..] else {
        println!("| {name} | died: {} | | | |", output.status);
        return false;
    };
    let is_expected = expected.is_none_or(|expected| outcome == expected);
    if !is_expected {
        println!("| {name} | expected {} | | | |", expected.unwrap_or_default());
    }
    println!("| {name} | {outcome} | {ms} | {cpu} | {peak} |");
    let is_within = |text: &str, max: f64| text.parse::<f64>().is_ok_and(|value| value <= max);
    is_expected && is_within(cpu, MS_MAX) && is_within(peak, PEAK_MIB_MAX)
}

/// Does something with one case and prints outcome, milliseconds and MiB.
fn child(name: &str, act: fn(&catalogue::Task) -> String) {
    let case = catalogue::cases().find(|case| case.name == name).expect("a known case");
    let run = move || {
        let task = (case.task)();
        let (start, before) = (Instant::now(), processor_ms());
        let outcome = act(&task);
        (outcome, start.elapsed(), processor_ms() - before)
    };
    let worker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
    let (outcome, elapsed, cpu) = worker.expect("a thread").join().expect("no panic");
    println!("{outcome}\t{:.1}\t{cpu}\t{:.1}", elapsed.as_secs_f64() * 1_000.0, peak_mib());
}

/// User and system time of the whole process. Linux counts in ticks of 10 ms.
fn processor_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, fields) = stat.rsplit_once(')').expect("a name in parentheses");
    let ticks = fields.split_whitespace().skip(11).take(2);
    10 * ticks.map(|field| field.parse::<u64>().expect("a number")).sum::<u64>()
}

/// The high-water mark of resident memory.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a mark");
    let kib: f64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
    kib / 1_024.0
}
