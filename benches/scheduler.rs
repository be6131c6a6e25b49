//! How good and how fast: every instance at every effort, against the proven optima.
//!
//! `cargo bench --bench scheduler [-- quick|standard|thorough|exhaustive]`. One thread; the time is
//! that of `recommend`, reading the file not counted.
use fairshift::scheduler::{Effort, recommend};
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo passes flags of its own; only the name of an effort means something here.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
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
