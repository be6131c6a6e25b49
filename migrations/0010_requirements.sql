-- What was said when asking, and how a holding can be taken away again.
alter table holdings
    add column request_note text not null default '' check (length(request_note) <= 2000),
    add column revoked_at timestamptz,
    add column revoked_by bigint references people on delete set null,
    add column revoke_note text not null default '' check (length(revoke_note) <= 2000),
    add check (length(note) <= 2000),
    drop constraint holdings_state_check,
    add constraint holdings_state_check check (state in ('pending', 'held', 'refused', 'withdrawn', 'revoked')),
    -- a revoked holding keeps its dates: it held until it was revoked
    drop constraint holdings_check,
    add constraint holdings_held_from check ((state in ('held', 'revoked')) = (held_from is not null)),
    add constraint holdings_revoked_at check ((state = 'revoked') = (revoked_at is not null)),
    add constraint holdings_decided_at check ((state = 'pending') = (decided_at is null));
create index holdings_requirement on holdings (requirement_id, person_id);

alter table requirements
    add check (length(why) <= 2000),
    add check (length(how) <= 2000),
    -- other kinds of links could run script
    add check (link = '' or (length(link) <= 500 and link ~ '^https?://'));
create unique index requirements_title on requirements (team_id, lower(title)) where retired_at is null;

-- The roles that somebody is needed for: those of each rotation's version in force on the day, and
-- of the versions to come.
create function duty_roles(teams bigint[], today date)
returns table (role_id bigint, rotation_id bigint, team_id bigint, role_name text, rotation_name text,
    rotation_position smallint, escalation_order smallint)
language sql stable as $$
    select r.id, o.id, o.team_id, r.name, o.name, o.position, min(vr.escalation_order)
    from rotations o
    join roles r on r.rotation_id = o.id
    join version_roles vr on vr.role_id = r.id
    join rotation_versions v on v.id = vr.version_id
    where o.team_id = any (teams) and v.effective_from >= coalesce(
        (select max(e.effective_from) from rotation_versions e
            where e.rotation_id = o.id and e.effective_from <= today), '-infinity'::date)
    group by r.id, o.id
$$;
