-- What was entered for the time before whoever can't make it became unavailable: put back where they
-- can make it after all.
alter table cover_requests add column replaced jsonb not null default '[]';

-- Who was asked and breaks a rule by now is not asked any more.
alter table cover_events drop constraint cover_events_action_check;
alter table cover_events add constraint cover_events_action_check
    check (action in ('made', 'asked', 'barred', 'agreed', 'volunteered', 'assigned', 'declined', 'ran_out', 'approved',
        'refused', 'undone', 'covered', 'withdrawn', 'closed', 'exhausted', 'lapsed'));

-- A history is only ever added to; it goes with its request, by the foreign key's own trigger.
create function keep_cover_events() returns trigger language plpgsql as $$
begin
    raise exception 'the history of a cover request is only ever added to' using errcode = 'restrict_violation';
end $$;
create trigger cover_events_kept before update or delete on cover_events
    for each row when (pg_trigger_depth() = 0) execute function keep_cover_events();
create trigger cover_events_kept_whole before truncate on cover_events
    for each statement execute function keep_cover_events();

-- Home, team and shift pages ask only for what is not settled, which is little of what there is.
create index cover_requests_live on cover_requests (role_id, starts_at) where state in ('open', 'agreed');

-- As before, but where the same person serves some of the time in a shift with other times, that is
-- what is said.
create or replace function close_cover() returns trigger language plpgsql as $$
declare
    r record;
    stands boolean;
    at timestamptz;
    why text;
begin
    for r in select * from cover_requests
        where state in ('open', 'agreed')
            and ((shift_id = old.shift_id and role_id = old.role_id)
                or (return_shift_id = old.shift_id and return_role_id = old.role_id))
        for update
    loop
        stands := exists (select from assignments
                where shift_id = r.shift_id and role_id = r.role_id and schedule_state = 'published'
                    and person_id = r.person_id and starts_at <= r.starts_at and ends_at >= r.ends_at)
            and (r.return_shift_id is null or exists (select from assignments
                where shift_id = r.return_shift_id and role_id = r.return_role_id and schedule_state = 'published'
                    and person_id = r.colleague_id and starts_at <= r.return_starts_at and ends_at >= r.return_ends_at));
        if not stands then
            select greatest(max(s.updated_at), r.made_at) into at
            from schedules s join shifts x on x.rotation_id = s.rotation_id where x.id = r.shift_id;
            why := case when exists (select from assignments
                    where role_id = r.role_id and schedule_state = 'published' and person_id = r.person_id
                        and shift_id <> r.shift_id and starts_at < r.ends_at and ends_at > r.starts_at)
                then 'The shifts have other times now. Whoever can''t make the new ones asks again.'
                else 'The schedule changed: this time belongs to somebody else now.' end;
            update cover_offers set state = 'withdrawn' where request_id = r.id and state in ('asked', 'agreed');
            update cover_requests set state = 'closed', taker_id = null, agreed_at = null, ended_at = at, end_note = why
            where id = r.id;
            insert into cover_events (request_id, at, action, note) values (r.id, at, 'closed', why);
            -- whoever it concerns is told
            insert into jobs (kind, key, lane, payload, created_at, due_at, next_at)
            values ('cover.closed', 'cover.closed:' || r.id, 'cover:' || r.id,
                jsonb_build_object('request', r.id), at, at, at)
            on conflict (key) do nothing;
        end if;
    end loop;
    return null;
end $$;
