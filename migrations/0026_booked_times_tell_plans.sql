-- Open planners follow what calendars book: each change says which teams it concerns, on the channel
-- "plan" with the team's id, as changes of availability do. Delivered on commit, once per transaction.
create function tell_plan_of_booked_times() returns trigger language plpgsql as $$
begin
    perform pg_notify('plan', team_id::text) from team_members
        where person_id = case when tg_op = 'DELETE' then old.person_id else new.person_id end;
    return null;
end $$;
create trigger booked_times_written_plan after insert or update on booked_times
    for each row when (new.period = 'month') execute function tell_plan_of_booked_times();
create trigger booked_times_removed_plan after delete on booked_times
    for each row when (old.period = 'month') execute function tell_plan_of_booked_times();
