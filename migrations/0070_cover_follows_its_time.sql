-- A new version of the schedule carries a request over where the same people serve the times that it is
-- about, in the same roles: also where these times belong to shifts with other limits by now. It closes
-- every other one, and says what happened.
create or replace function close_cover() returns trigger language plpgsql as $$
declare
    r record;
    mine bigint;
    theirs bigint;
    at timestamptz;
    why text;
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
        if mine is not null and (r.return_shift_id is null or theirs is not null) then
            update cover_requests set shift_id = mine, return_shift_id = theirs
            where id = r.id and (shift_id, return_shift_id) is distinct from (mine, theirs);
        else
            select greatest(max(s.updated_at), r.made_at) into at
            from schedules s join shifts x on x.rotation_id = s.rotation_id where x.id = r.shift_id;
            why := case
                when r.return_shift_id is not null
                then 'The schedule changed: one of the two shifts has other times or belongs to somebody else now.'
                when exists (select from assignments
                    where schedule_state = 'published' and role_id = r.role_id and person_id = r.person_id
                        and tstzrange(starts_at, ends_at) && tstzrange(r.starts_at, r.ends_at))
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

-- With whom a shift is to be swapped, or to whom it is given, by name.
create or replace view covers_open as
select r.id as request_id, r.state, r.kind, r.shift_id, r.role_id, r.person_id, p.name as person_name,
    r.starts_at, r.ends_at, r.colleague_id, r.made_at, o.name as role_name, t.id as team_id, t.name as team_name, t.slug,
    r.exhausted_at is not null as is_exhausted,
    (select count(*) from cover_offers f where f.request_id = r.id and f.state = 'asked') as asked,
    c.name as colleague_name
from cover_requests r
join people p on p.id = r.person_id
join roles o on o.id = r.role_id
join rotations n on n.id = o.rotation_id
join teams t on t.id = n.team_id
left join people c on c.id = r.colleague_id
where r.state in ('open', 'agreed');
