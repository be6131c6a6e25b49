//! How good and how fast: every instance at every effort, against the proven optima.
//!
//! `cargo bench --bench scheduler [-- quick|standard|thorough|exhaustive]`. One thread; the time is
//! that of `recommend`, reading the file not counted. With `-- promised` the whole process of
//! `fairshift solve` is timed instead, the fastest of three, at the effort that is promised for each
//! instance; an answer that is not what is promised ends it. With `-- seeds` ten more of each family
//! (five of each year) are made up and solved at that effort.
#[path = "../tests/it/scheduler/checker.rs"]
#[allow(
    dead_code,
    missing_docs,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]
mod checker;
#[path = "../tests/it/scheduler/random.rs"]
#[allow(
    dead_code,
    missing_docs,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]
mod random;
#[path = "../tests/it/scheduler/seeds.rs"]
#[allow(
    dead_code,
    missing_docs,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]
mod seeds;

use fairshift::scheduler::{Effort, recommend, recommend_watched};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

/// The instances and their proven optima.
const OPTIMA: [(&str, i128); 10] = [
    ("a12x30-full", 21552),
    ("a6x30-tight", 17880),
    ("w12x52-full", 31005),
    ("h8x30", 30684),
    ("b10x92-tight", 70212),
    ("b25x92-full", 52824),
    ("s25x92-split", 79224),
    ("h20x92", 84722),
    ("c50x365-full", 237_908),
    ("h40x365", 453_418),
];

const EFFORTS: [(&str, Effort); 4] = [
    ("quick", Effort::Quick),
    ("standard", Effort::Standard),
    ("thorough", Effort::Thorough),
    ("exhaustive", Effort::Exhaustive),
];

/// Instance, effort, the largest gap in per cent, and seconds that the whole process may take.
const PROMISED: [(&str, &str, f64, f64); 11] = [
    ("a12x30-full", "quick", 0.0, 0.03),
    ("a6x30-tight", "quick", 0.0, 0.03),
    ("w12x52-full", "quick", 0.0, 0.03),
    ("h8x30", "quick", 0.0, 0.2),
    ("b10x92-tight", "standard", 0.0, 0.1),
    ("b25x92-full", "standard", 0.0, 0.1),
    ("s25x92-split", "standard", 0.0, 0.1),
    ("h20x92", "standard", 0.0, 0.5),
    ("c50x365-full", "thorough", 0.0, 0.5),
    ("h40x365", "thorough", 0.05, 2.0),
    ("h40x365", "exhaustive", 0.0, 10.0),
];

/// What `fairshift solve` says, as far as it matters here.
#[derive(serde::Deserialize)]
struct Answer {
    cost: i128,
    bound: i128,
    gap: f64,
}

/// Each instance at its effort, the whole process.
fn promised() -> Result<(), Box<dyn std::error::Error>> {
    println!("| instance | effort | cost | bound | gap | whole process | first schedule |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (instance, effort, gap, seconds) in PROMISED {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/instances")
            .join(format!("{instance}.json"));
        let (mut best, mut first) = (f64::INFINITY, f64::INFINITY);
        let mut text = String::new();
        for _ in 0..3 {
            let start = Instant::now();
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_fairshift"))
                .args(["solve", "--effort", effort])
                .arg(&file)
                .output()?;
            best = best.min(start.elapsed().as_secs_f64());
            text = String::from_utf8(output.stdout)?;
            // From reading the file to the first schedule.
            let start = Instant::now();
            let problem = fairshift::solve::problem(&std::fs::read_to_string(&file)?)?;
            recommend_watched(&problem, Effort::Quick, &mut |_| ControlFlow::Break(()));
            first = first.min(start.elapsed().as_secs_f64());
        }
        let answer: Answer = serde_json::from_str(&text)?;
        let found = 100.0 * answer.gap;
        println!(
            "| {instance} | {effort} | {} | {} | {found:.3} % | {best:.3} s of {seconds} s | {first:.3} s |",
            answer.cost, answer.bound
        );
        if found > gap {
            return Err(format!("{instance}: a gap of {found} %, not {gap} %").into());
        }
    }
    Ok(())
}

/// Others like the ten, each at the effort of its family.
fn others() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/instances");
    println!("| family | effort | proven | largest gap | median | slowest |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for (instance, effort, ..) in PROMISED.iter().filter(|p| p.1 != "exhaustive") {
        let text = std::fs::read_to_string(folder.join(format!("{instance}.json")))?;
        let effort_of = EFFORTS.iter().find(|(name, _)| name == effort);
        let effort_of = effort_of.map_or(Effort::Quick, |e| e.1);
        let count = if *effort == "thorough" { 5 } else { 10 };
        let (mut proven, mut gap, mut seconds) = (0, 0.0_f64, Vec::new());
        for seed in 0..count {
            let (name, case) = checker::Case::read(&seeds::fresh(&text, seed));
            let problem = case.problem();
            let start = Instant::now();
            let found = recommend(&problem, effort_of);
            seconds.push(start.elapsed().as_secs_f64());
            if !case.broken(&found.assignment).is_empty() {
                return Err(format!("{name}: a rule is broken").into());
            }
            proven += u32::from(found.optimal);
            gap = gap.max(100.0 * found.gap());
        }
        seconds.sort_by(f64::total_cmp);
        let median = seconds.get(seconds.len() / 2).copied().unwrap_or_default();
        let slowest = seconds.last().copied().unwrap_or_default();
        println!(
            "| {instance} | {effort} | {proven} of {count} | {gap:.3} % | {median:.3} s | {slowest:.3} s |"
        );
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo passes flags of its own; only the name of an effort means something here.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    if wanted.iter().any(|w| w == "promised") {
        return promised();
    }
    if wanted.iter().any(|w| w == "seeds") {
        return others();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/instances");
    println!("effort     instance             cost   optimum  above %     bound    gap %  seconds");
    for (name, effort) in EFFORTS {
        if !wanted.is_empty() && !wanted.iter().any(|w| w == name) {
            continue;
        }
        for (instance, optimum) in OPTIMA {
            let text = std::fs::read_to_string(folder.join(format!("{instance}.json")))?;
            let problem = fairshift::solve::problem(&text)?;
            let start = Instant::now();
            let found = recommend(&problem, effort);
            let seconds = start.elapsed().as_secs_f64();
            let cost = found.score.total;
            println!(
                "{name:<10} {instance:<14} {cost:>10} {optimum:>9} {:>8.3} {:>9} {:>8.3} {seconds:>8.3}{}",
                share(cost - optimum, optimum),
                found.bound,
                100.0 * found.gap(),
                if found.score.unfilled > 0 {
                    " NOT FILLED"
                } else {
                    ""
                },
            );
        }
    }
    Ok(())
}

/// Per cent, from numbers far too small to lose digits.
#[allow(clippy::cast_precision_loss)]
fn share(part: i128, whole: i128) -> f64 {
    100.0 * part as f64 / whole as f64
}
