-- What the home page, the team page, feeds and reports read, and what makes their readers notice.

-- A team's assignments of a period are found by its roles; so are the shifts before and after one.
create index assignments_role on assignments (role_id, starts_at) where schedule_state = 'published';
create index past_shifts_role on past_shifts (role_id, starts_at);

-- Handover: who serves a role before an instant and after it. Beyond a gap of four days there is
-- nothing to hand over. No shift is longer than five weeks.
create function slot_before(role bigint, at timestamptz) returns setof assignments language sql stable as $$
    select * from assignments
    where role_id = role and schedule_state = 'published'
        and starts_at < at and starts_at > at - interval '39 days'
        and ends_at <= at and ends_at > at - interval '4 days'
    order by starts_at desc limit 1
$$;
create function slot_after(role bigint, at timestamptz) returns setof assignments language sql stable as $$
    select * from assignments
    where role_id = role and schedule_state = 'published'
        and starts_at >= at and starts_at < at + interval '4 days'
    order by starts_at limit 1
$$;

-- A slot has another person, or is new, or gone: a feed shows that in the shift itself and in those
-- before and after it. Once a transaction is enough.
create function touch_slot(shift bigint, role bigint, from_at timestamptz, to_at timestamptz) returns void
language sql as $$
    update shifts set revision = revision + 1, changed_at = now()
    where id in (select shift union all select shift_id from slot_before(role, from_at)
            union all select shift_id from slot_after(role, to_at))
        and changed_at <> now()
$$;

-- Looked at when the transaction ends: by then the new version stands in the old one's place, and
-- what it took over unchanged is left alone.
create function touch_on_publication() returns trigger language plpgsql as $$
declare
    was record;
begin
    if tg_op = 'DELETE' then
        perform touch_slot(old.shift_id, old.role_id, old.starts_at, old.ends_at);
    elsif tg_op = 'UPDATE' and old.schedule_state = 'published' and new.schedule_state = 'published' then
        perform touch_slot(new.shift_id, new.role_id, new.starts_at, new.ends_at);
    elsif new.schedule_state = 'published' then
        select a.person_id, a.escalation_order, a.is_shadow into was
        from assignments a join schedules s on s.id = a.schedule_id
        where a.shift_id = new.shift_id and a.role_id = new.role_id and a.schedule_state = 'superseded'
        order by s.version desc limit 1;
        if not found or (was.person_id, was.escalation_order, was.is_shadow)
            is distinct from (new.person_id, new.escalation_order, new.is_shadow) then
            perform touch_slot(new.shift_id, new.role_id, new.starts_at, new.ends_at);
        end if;
    elsif not exists (select from assignments a where a.shift_id = new.shift_id and a.role_id = new.role_id
            and a.schedule_state = 'published') then
        perform touch_slot(new.shift_id, new.role_id, new.starts_at, new.ends_at);
    end if;
    return null;
end $$;
create constraint trigger assignments_published after insert on assignments
    deferrable initially deferred for each row
    when (new.schedule_state = 'published') execute function touch_on_publication();
create constraint trigger assignments_withdrawn after delete on assignments
    deferrable initially deferred for each row
    when (old.schedule_state = 'published') execute function touch_on_publication();
create constraint trigger assignments_changed after update on assignments
    deferrable initially deferred for each row
    when ((old.schedule_state = 'published' or new.schedule_state = 'published')
        and (old.schedule_state, old.person_id, old.escalation_order, old.is_shadow, old.starts_at, old.ends_at)
            is distinct from (new.schedule_state, new.person_id, new.escalation_order, new.is_shadow, new.starts_at, new.ends_at))
    execute function touch_on_publication();

-- A name also stands in the handover of the shifts before and after.
create or replace function touch_on_name() returns trigger language plpgsql as $$
begin
    perform touch_shifts_of_people(array [new.id]);
    perform touch_slot(a.shift_id, a.role_id, a.starts_at, a.ends_at) from assignments a
    where a.person_id = new.id and a.schedule_state = 'published' and a.starts_at > now() - interval '100 days';
    return null;
end $$;

-- A manager who has left is nobody's contact any more.
create trigger people_leave_touch after update of left_on on people
    for each row when (old.left_on is distinct from new.left_on) execute function touch_on_name();

-- Who joins or leaves a team sees how to reach its people, or no longer does.
create function touch_on_member() returns trigger language plpgsql as $$
begin
    perform touch_shifts_of_people(array [coalesce(new.person_id, old.person_id)]);
    return null;
end $$;
create trigger team_members_own_touch after insert or delete on team_members
    for each row execute function touch_on_member();

-- A feed's own choices are part of what it shows: they count on top of the shift's revision.
alter table feeds add column revision integer not null default 0;
alter table feeds add column changed_at timestamptz;
