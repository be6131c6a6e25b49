//! How time, memory and the gap grow with the team and the time planned for.
//!
//! `cargo bench --bench growth [-- SEEDS | repair]` prints a Markdown table, a row for each size and the worst
//! of so many seeds (3). Each problem is solved in a process of its own, on one thread, so that its
//! peak memory (`VmHWM`, as Linux counts it) is its own. Each schedule is read by the checker of the
//! tests, which shares nothing with the scheduler. A second table compares a repair with a search of its
//! own: somebody is away for a week of a schedule that is published, and the last schedule is where the
//! repair begins.
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
#[path = "../tests/it/scheduler/teams.rs"]
#[allow(
    dead_code,
    missing_docs,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]
mod teams;

use fairshift::scheduler::{Effort, Problem, recommend, recommend_from, recommend_watched};
use std::ops::ControlFlow;
use std::time::Instant;
use teams::{Habit, Shape, case};

/// Name, people, days, habit, effort.
type Row = (&'static str, usize, i64, Habit, Effort);

const ROWS: [Row; 22] = [
    ("a week", 5, 7, Habit::Days, Effort::Quick),
    ("a week, one role", 3, 7, Habit::DayAndNight, Effort::Quick),
    ("a month", 5, 30, Habit::Days, Effort::Quick),
    ("a month", 15, 30, Habit::Days, Effort::Quick),
    (
        "a month, day and night",
        15,
        30,
        Habit::DayAndNight,
        Effort::Quick,
    ),
    (
        "a month, overlapping",
        15,
        30,
        Habit::Overlapping,
        Effort::Quick,
    ),
    (
        "a month, follow the sun",
        24,
        30,
        Habit::FollowTheSun,
        Effort::Quick,
    ),
    ("a month", 50, 30, Habit::Days, Effort::Quick),
    (
        "a month, day and night",
        100,
        30,
        Habit::DayAndNight,
        Effort::Quick,
    ),
    (
        "a month, day and night",
        200,
        30,
        Habit::DayAndNight,
        Effort::Quick,
    ),
    ("a quarter", 10, 92, Habit::Days, Effort::Standard),
    ("a quarter", 25, 92, Habit::Days, Effort::Standard),
    (
        "a quarter, follow the sun",
        30,
        92,
        Habit::FollowTheSun,
        Effort::Standard,
    ),
    (
        "a quarter, day and night",
        100,
        92,
        Habit::DayAndNight,
        Effort::Standard,
    ),
    ("a year of weeks", 12, 364, Habit::Weeks, Effort::Quick),
    ("a year", 15, 365, Habit::Days, Effort::Thorough),
    ("a year", 50, 365, Habit::Days, Effort::Thorough),
    (
        "a year, day and night",
        100,
        365,
        Habit::DayAndNight,
        Effort::Thorough,
    ),
    (
        "a year, day and night",
        200,
        365,
        Habit::DayAndNight,
        Effort::Thorough,
    ),
    (
        "two years of weeks",
        20,
        728,
        Habit::Weeks,
        Effort::Standard,
    ),
    ("two years", 50, 730, Habit::Days, Effort::Thorough),
    ("two years", 200, 730, Habit::Days, Effort::Thorough),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [one, row, seed] = arguments.as_slice()
        && one == "--one"
    {
        return solve(row.parse()?, seed.parse()?);
    }
    if arguments.iter().any(|a| a == "repair") {
        return repairs();
    }
    let mut numbers = arguments.iter().filter_map(|a| a.parse().ok());
    let seeds: u64 = numbers.next().unwrap_or(3);
    println!(
        "| time | people | slots | effort | first schedule | in all | gap | proven | peak memory |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (number, (name, people, _, _, effort)) in ROWS.iter().enumerate() {
        let (mut slots, mut first, mut all) = (0.0, 0.0, 0.0);
        let (mut gap, mut proven, mut peak) = (0.0, 0, 0.0);
        for seed in 0..seeds {
            let output = std::process::Command::new(std::env::current_exe()?)
                .args(["--one", &number.to_string(), &seed.to_string()])
                .stderr(std::process::Stdio::inherit())
                .output()?;
            let text = String::from_utf8(output.stdout)?;
            let told: Vec<f64> = text
                .split_whitespace()
                .filter_map(|n| n.parse().ok())
                .collect();
            let [many, soon, late, far, optimal, memory] = told.as_slice() else {
                return Err(format!("{name}, {people} people, seed {seed}: {text}").into());
            };
            slots = *many;
            first = f64::max(first, *soon);
            all = f64::max(all, *late);
            gap = f64::max(gap, *far);
            proven += i32::from(*optimal > 0.0);
            peak = f64::max(peak, *memory);
        }
        println!(
            "| {name} | {people} | {slots} | {effort:?} | {first:.3} s | {all:.3} s | {gap:.3} % | {proven} of {seeds} | {peak:.0} MB |"
        );
    }
    Ok(())
}

/// Solves one problem and prints slots, seconds to the first schedule and in all, gap in per cent,
/// whether it is proven, and peak memory in MB.
fn solve(row: usize, seed: u64) -> Result<(), Box<dyn std::error::Error>> {
    let (_, people, days, habit, effort) = ROWS.get(row).ok_or("no such row")?;
    let case = case(&Shape::of(*people, *days, *habit), seed);
    let problem = case.problem();
    let begun = Instant::now();
    let mut first = None;
    let found = recommend_watched(&problem, *effort, &mut |_| {
        first.get_or_insert_with(|| begun.elapsed().as_secs_f64());
        ControlFlow::Continue(())
    });
    let all = begun.elapsed().as_secs_f64();
    let broken = case.broken(&found.assignment);
    if !broken.is_empty() {
        return Err(format!("rules are broken: {broken:?}").into());
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: f64 = peak
        .and_then(|p| p.trim().trim_end_matches(" kB").parse().ok())
        .ok_or("no peak memory here")?;
    println!(
        "{} {} {all} {} {} {}",
        problem.slots().len(),
        first.unwrap_or(all),
        100.0 * found.gap(),
        u8::from(found.optimal),
        kilobytes / 1024.0
    );
    if found.score.unfilled > 0 {
        eprintln!(
            "row {row}, seed {seed}: {} slots open",
            found.score.unfilled
        );
    }
    Ok(())
}

/// Teams of some sizes, somebody away in the middle: the search of its own beside the repair.
fn repairs() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "| time | people | slots | anew | repair | anew : repair | moved anew | moved by repair | dearer by |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (name, people, days, habit, effort) in ROWS {
        if !matches!((people, days), (15 | 50, 30 | 365) | (25, 92) | (100, 30)) {
            continue;
        }
        let mut case = case(&Shape::of(people, days, habit), 0);
        case.stability = -case.costs.0 / 5;
        let published = recommend(&case.problem(), effort).assignment;
        for (piece, holder) in case.pieces.iter_mut().zip(&published) {
            piece.previous = *holder;
        }
        let middle = case.pieces.len() / 2;
        let who = published.iter().skip(middle).find_map(|p| *p);
        let who = who.ok_or("nobody serves")?;
        let week = case.pieces.len() * 7 / usize::try_from(days)?;
        let letters = case.people.get_mut(who).ok_or("no such person")?;
        let away = letters.avail.iter_mut().skip(middle).take(week);
        away.for_each(|letter| *letter = 'U');
        let problem = case.problem();
        let timed = |search: &dyn Fn(&Problem) -> fairshift::scheduler::Recommendation| {
            let begun = Instant::now();
            let found = search(&problem);
            (begun.elapsed().as_secs_f64(), found)
        };
        let (anew, fresh) = timed(&|problem| recommend(problem, effort));
        let (again, repaired) = timed(&|problem| {
            recommend_from(problem, effort, &published, &mut |_| {
                ControlFlow::Continue(())
            })
        });
        let moved = |plan: &[Option<usize>]| {
            let both = plan.iter().zip(&published);
            both.filter(|(now, before)| now != before).count()
        };
        let (fresh_cost, cost) = (fresh.score.total, repaired.score.total);
        println!(
            "| {name} | {people} | {} | {anew:.3} s | {again:.3} s | {:.0} : 1 | {} | {} | {:.3} % |",
            problem.slots().len(),
            anew / again,
            moved(&fresh.assignment),
            moved(&repaired.assignment),
            percent(cost - fresh_cost, fresh_cost),
        );
    }
    Ok(())
}

/// Per cent, from numbers far too small to lose digits.
#[allow(clippy::cast_precision_loss)]
fn percent(part: i128, whole: i128) -> f64 {
    100.0 * part as f64 / whole as f64
}
