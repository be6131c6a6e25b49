-- Open planners follow what they are computed from. Each change of it says which team it concerns, on
-- the channel "plan" with the team's id; PostgreSQL delivers it when the change is committed, and once
-- per transaction. A person concerns every team they are in.
create function tell_plan() returns trigger language plpgsql as $$
declare
    -- what the column names (person, team, rotation, requirement, ...), and the column
    kind text := tg_argv[0];
    named bigint[] := array [to_jsonb(old) ->> tg_argv[1], to_jsonb(new) ->> tg_argv[1]];
begin
    perform pg_notify('plan', concerned::text) from (
        select unnest(named) where kind = 'team'
        union select team_id from team_members where kind = 'person' and person_id = any (named)
        union select team_id from rotations where kind = 'rotation' and id = any (named)
        union select r.team_id from legs l join rotations r on r.id = l.rotation_id
            where kind = 'leg' and l.id = any (named)
        union select team_id from requirements where kind = 'requirement' and id = any (named)
        union select m.team_id from weekly_patterns p join team_members m on m.person_id = p.person_id
            where kind = 'pattern' and p.id = any (named)
    ) as teams (concerned) where concerned is not null;
    return null;
end $$;

create trigger availability_entries_plan after insert or update or delete on availability_entries
    for each row execute function tell_plan('person', 'person_id');
create trigger weekly_patterns_plan after insert or update or delete on weekly_patterns
    for each row execute function tell_plan('person', 'person_id');
create trigger weekly_pattern_spans_plan after insert or update or delete on weekly_pattern_spans
    for each row execute function tell_plan('pattern', 'pattern_id');
create trigger availability_answers_plan after insert or update or delete on availability_answers
    for each row execute function tell_plan('person', 'person_id');
create trigger utilisations_plan after insert or update or delete on utilisations
    for each row execute function tell_plan('person', 'person_id');
create trigger people_plan after update of name, capacity_percent, joined_on, left_on on people
    for each row execute function tell_plan('person', 'id');

create trigger teams_plan after update of time_zone on teams
    for each row execute function tell_plan('team', 'id');
create trigger team_members_plan after insert or update or delete on team_members
    for each row execute function tell_plan('team', 'team_id');
create trigger rotations_plan after insert or update or delete on rotations
    for each row execute function tell_plan('team', 'team_id');
create trigger rotation_versions_plan after insert or update or delete on rotation_versions
    for each row execute function tell_plan('rotation', 'rotation_id');
create trigger leg_members_plan after insert or delete on leg_members
    for each row execute function tell_plan('leg', 'leg_id');
create trigger leg_holidays_plan after insert or update or delete on leg_holidays
    for each row execute function tell_plan('leg', 'leg_id');
create trigger forbidden_pairs_plan after insert or delete on forbidden_pairs
    for each row execute function tell_plan('rotation', 'rotation_id');
create trigger past_shifts_plan after insert or update or delete on past_shifts
    for each row execute function tell_plan('rotation', 'rotation_id');

create trigger requirements_plan after insert or update or delete on requirements
    for each row execute function tell_plan('team', 'team_id');
create trigger requirement_roles_plan after insert or delete on requirement_roles
    for each row execute function tell_plan('requirement', 'requirement_id');
create trigger holdings_plan after insert or update or delete on holdings
    for each row execute function tell_plan('person', 'person_id');

-- Another manager's draft, a publication; and in the other teams of whom it books, their shifts
-- elsewhere. Drafts book nobody.
create trigger schedules_plan after insert or update or delete on schedules
    for each row execute function tell_plan('rotation', 'rotation_id');
create trigger assignments_booked_plan after insert on assignments
    for each row when (new.schedule_state = 'published') execute function tell_plan('person', 'person_id');
create trigger assignments_moved_plan after update on assignments
    for each row when (new.schedule_state = 'published' or old.schedule_state = 'published')
    execute function tell_plan('person', 'person_id');
create trigger assignments_freed_plan after delete on assignments
    for each row when (old.schedule_state = 'published') execute function tell_plan('person', 'person_id');
