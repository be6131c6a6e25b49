-- As before; and a request that goes on in a shift with other limits says so in its history, and whom
-- the end concerns is kept for those who tell them: who was being asked or had agreed at that moment,
-- not everybody whose question had been taken back some time before.
alter table cover_events drop constraint cover_events_action_check;
alter table cover_events add constraint cover_events_action_check
    check (action in ('made', 'asked', 'barred', 'agreed', 'volunteered', 'assigned', 'declined', 'ran_out', 'approved',
        'refused', 'undone', 'covered', 'withdrawn', 'closed', 'exhausted', 'lapsed', 'moved'));

create or replace function close_cover() returns trigger language plpgsql as $$
declare
    r record;
    mine bigint;
    theirs bigint;
    at timestamptz;
    why text;
    others bigint[];
begin
    for r in select * from cover_requests
        where state in ('open', 'agreed')
            and ((shift_id = old.shift_id and role_id = old.role_id)
                or (return_shift_id = old.shift_id and return_role_id = old.role_id))
        for update
    loop
        select shift_id into mine from assignments
        where schedule_state = 'published' and role_id = r.role_id and person_id = r.person_id
            and tstzrange(starts_at, ends_at) @> tstzrange(r.starts_at, r.ends_at);
        select shift_id into theirs from assignments
        where schedule_state = 'published' and role_id = r.return_role_id and person_id = r.colleague_id
            and tstzrange(starts_at, ends_at) @> tstzrange(r.return_starts_at, r.return_ends_at);
        select greatest(max(s.updated_at), r.made_at) into at
        from schedules s join shifts x on x.rotation_id = s.rotation_id where x.id = r.shift_id;
        if mine is not null and (r.return_shift_id is null or theirs is not null) then
            update cover_requests set shift_id = mine, return_shift_id = theirs
            where id = r.id and (shift_id, return_shift_id) is distinct from (mine, theirs);
            if found then
                insert into cover_events (request_id, at, action, note)
                values (r.id, at, 'moved', 'The shift has other limits now; this time is the same.');
            end if;
        else
            why := case
                when r.return_shift_id is not null
                then 'The schedule changed: one of the two shifts has other times or belongs to somebody else now.'
                when exists (select from assignments
                    where schedule_state = 'published' and role_id = r.role_id and person_id = r.person_id
                        and tstzrange(starts_at, ends_at) && tstzrange(r.starts_at, r.ends_at))
                then 'The shifts have other times now. Whoever can''t make the new ones asks again.'
                else 'The schedule changed: this time belongs to somebody else now.' end;
            with gone as (
                update cover_offers set state = 'withdrawn'
                where request_id = r.id and state in ('asked', 'agreed') returning person_id)
            select coalesce(array_agg(person_id order by person_id), '{}') into others from gone;
            update cover_requests set state = 'closed', taker_id = null, agreed_at = null, ended_at = at, end_note = why
            where id = r.id;
            insert into cover_events (request_id, at, action, note) values (r.id, at, 'closed', why);
            -- whoever it concerns is told
            insert into jobs (kind, key, lane, payload, created_at, due_at, next_at)
            values ('cover.closed', 'cover.closed:' || r.id, 'cover:' || r.id,
                jsonb_build_object('request', r.id, 'others', to_jsonb(others)), at, at, at)
            on conflict (key) do nothing;
        end if;
    end loop;
    return null;
end $$;

-- The teams where nobody takes a shift without a manager's word, for the pages of slices below.
create view cover_approvals as select team_id from cover_settings where needs_approval;
