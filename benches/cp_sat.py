"""Solves fairshift-instance/1 files with CP-SAT, as a yardstick: one JSON line a file.

    python cp_sat.py LIMIT_SECONDS WORKERS FILE...
"""
import json
import sys
import time

from ortools.sat.python import cp_model

DAY = 24 * 60


class Shift:
    """The slots of one period, which share their times."""

    def __init__(self, slots):
        first = slots[0]
        self.slots = [slot["id"] for slot in slots]
        self.start, self.end = first["start_min"], first["end_min"]
        self.day = self.start // DAY
        self.weekend = first["weekend"]


def model_of(instance):
    """The model, and for each person a dict from slot to its variable."""
    model = cp_model.CpModel()
    people, slots, rules = instance["engineers"], instance["slots"], instance["rules"]
    held = [
        {s["id"]: model.new_bool_var("") for s in slots if instance["avail"][p["id"]][s["id"]] != "U"}
        for p in people
    ]
    for slot in slots:
        model.add_exactly_one(mine[slot["id"]] for mine in held if slot["id"] in mine)

    shifts = [Shift([s for s in slots if s["period"] == i]) for i in range(instance["periods"])]
    shifts.sort(key=lambda shift: shift.start)
    for mine in held:
        one_person(model, instance, shifts, mine)
    for shift in shifts:
        together(model, people, rules, shift, held)

    cost = []
    for person, mine in zip(people, held):
        letters = instance["avail"][person["id"]]
        history, weights = person["history"], [slots[s]["weight"] for s in mine]
        load = history + sum(w * x for w, x in zip(weights, mine.values()))
        highest = max(abs(history), abs(history + sum(weights)))
        square = model.new_int_var(0, highest * highest, "")
        total = model.new_int_var(-highest, highest, "")
        model.add(total == load)
        model.add_multiplication_equality(square, [total, total])
        cost.append(instance["fairness"]["lcm"] // person["capacity"] * square)
        cost.extend(instance["pref_cost"][letters[s]] * x for s, x in mine.items())
    model.minimize(sum(cost))
    return model, held


def one_person(model, instance, shifts, mine):
    """Rest, windows and weekends of one person."""
    rules = instance["rules"]

    def holds(these):
        return [mine[s] for shift in these for s in shift.slots if s in mine]

    for i, shift in enumerate(shifts):
        close = [shift]
        for later in shifts[i + 1 :]:
            if later.start >= shift.end + rules["min_rest_min"]:
                break
            close.append(later)
        model.add_at_most_one(holds(close))

    window = rules["max_shifts_in_window"]
    if window:
        for first in range(max(1, instance["days"] - window["days"] + 1)):
            within = [s for s in shifts if first <= s.day < first + window["days"]]
            model.add(sum(holds(within)) <= window["max"])

    most = rules["max_consecutive_weekends"]
    if most:
        weekends = {}
        for shift in shifts:
            if shift.weekend:
                weekends.setdefault((instance["start_weekday"] + shift.day) // 7, []).append(shift)
        on = {}
        for week, these in weekends.items():
            on[week] = model.new_bool_var("")
            model.add_max_equality(on[week], holds(these) or [0])
        for week in on:
            row = [on[week + i] for i in range(most + 1) if week + i in on]
            if len(row) > most:
                model.add(sum(row) <= most)


def together(model, people, rules, shift, held):
    """Who may serve a shift with whom."""

    def there(who):
        return sum(held[p][s] for p in who for s in shift.slots if s in held[p])

    numbers = range(len(people))
    model.add(there([p for p in numbers if people[p]["experienced"]]) >= rules["experienced_per_period"])
    if rules["newcomer_never_alone"]:
        model.add(there([p for p in numbers if not people[p]["newcomer"]]) >= 1)
    for pair in rules["forbidden_pairs"]:
        model.add(there(pair) <= 1)


def main():
    limit, workers = float(sys.argv[1]), int(sys.argv[2])
    for path in sys.argv[3:]:
        with open(path) as file:
            instance = json.load(file)
        start = time.perf_counter()
        model, _ = model_of(instance)
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = limit
        solver.parameters.num_workers = workers
        status = solver.solve(model)
        found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
        answer = {
            "cost": round(solver.objective_value) if found else None,
            "optimal": status == cp_model.OPTIMAL,
            "seconds": round(time.perf_counter() - start, 3),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
