//! Instances like the ten: the same shifts and rules, other people, who can't at other times.
use super::random::Dice;
use serde_json::{Value, json};

/// One more of the family of an instance, by its text; another one for each seed.
pub fn fresh(text: &str, seed: u64) -> String {
    let mut instance: Value = serde_json::from_str(text).unwrap();
    let name = instance["name"].as_str().unwrap_or_default().to_owned();
    let mut dice = Dice::new(
        name.bytes()
            .fold(seed + 1, |sum, b| sum * 31 + u64::from(b)),
    );
    let people = instance["engineers"].as_array().unwrap().len();
    for (person, who) in instance["engineers"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .enumerate()
    {
        let capacity = [10, 10, 10, 8, 5][dice.below(5)];
        let experienced = person < 2 || dice.chance(60);
        who["capacity"] = json!(capacity);
        who["history"] = json!(capacity + dice.roll(capacity + 1));
        who["experienced"] = json!(experienced);
        who["newcomer"] = json!(!experienced && dice.chance(35));
    }
    let pairs = instance["rules"]["forbidden_pairs"]
        .as_array()
        .unwrap()
        .len();
    let pair = |dice: &mut Dice| {
        let first = dice.below(people);
        json!([first, (first + 1 + dice.below(people - 1)) % people])
    };
    let pairs: Vec<Value> = (0..pairs).map(|_| pair(&mut dice)).collect();
    instance["rules"]["forbidden_pairs"] = json!(pairs);
    // The letters of a family come as often as in the file, and in runs as long.
    let periods: Vec<usize> = instance["slots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slot| usize::try_from(slot["period"].as_u64().unwrap()).unwrap())
        .collect();
    let rows: Vec<String> = instance["avail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| by_period(row.as_str().unwrap(), &periods))
        .collect();
    let rows = (0..people).map(|_| {
        let row = woven(&rows, &mut dice);
        periods.iter().map(|&p| row[p]).collect::<String>()
    });
    instance["avail"] = json!(rows.collect::<Vec<_>>());
    instance["name"] = json!(format!("{name}/{seed}"));
    instance.to_string()
}

/// A row of letters, one for each shift.
fn by_period(row: &str, periods: &[usize]) -> String {
    let mut letters = vec!['W'; periods.iter().max().map_or(0, |p| p + 1)];
    for (letter, &period) in row.chars().zip(periods) {
        letters[period] = letter;
    }
    letters.into_iter().collect()
}

/// Pieces of three to twelve shifts, each from some time of some row.
fn woven(rows: &[String], dice: &mut Dice) -> Vec<char> {
    let length = rows[0].len();
    let mut row = Vec::with_capacity(length);
    while row.len() < length {
        let from: Vec<char> = rows[dice.below(rows.len())].chars().collect();
        let (start, count) = (dice.below(length), 3 + dice.below(10));
        row.extend(from.iter().cycle().skip(start).take(count));
    }
    row.truncate(length);
    row
}
