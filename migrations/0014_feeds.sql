-- A feed begins with the month that lies 60 days back, so it reaches back 92 days at most: what it
-- shows of people, teams and names is followed for 100. And people's shifts are found by index.
create or replace function touch_shifts_of_people(changed bigint[]) returns void language sql as $$
    update shifts s set revision = s.revision + 1, changed_at = now()
    where s.ends_at > now() - interval '100 days' and s.id in (
        select a.shift_id from assignments a
        where a.person_id = any (changed) and a.schedule_state = 'published'
            and a.starts_at > now() - interval '140 days'
        union
        select x.id from team_members m
        join rotations r on r.team_id = m.team_id
        join shifts x on x.rotation_id = r.id and x.starts_at > now() - interval '140 days'
        where m.is_manager and m.person_id = any (changed))
$$;

create or replace function touch_on_manager() returns trigger language plpgsql as $$
begin
    if (tg_op <> 'INSERT' and old.is_manager) is distinct from (tg_op <> 'DELETE' and new.is_manager) then
        update shifts s set revision = s.revision + 1, changed_at = now()
        where s.ends_at > now() - interval '100 days'
            and s.rotation_id in (select id from rotations where team_id = coalesce(new.team_id, old.team_id));
    end if;
    return null;
end $$;

create or replace function touch_on_title() returns trigger language plpgsql as $$
begin
    update shifts s set revision = s.revision + 1, changed_at = now()
    where s.ends_at > now() - interval '100 days'
        and case tg_table_name
            when 'teams' then s.rotation_id in (select id from rotations where team_id = new.id)
            when 'rotations' then s.rotation_id = new.id
            when 'legs' then s.leg_id = new.id
            else exists (select from assignments a where a.shift_id = s.id and a.role_id = new.id)
        end;
    return null;
end $$;
