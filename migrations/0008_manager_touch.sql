-- `revision` was ambiguous here (rotations have one, too), so that nobody could join a team. And only
-- whoever is a manager, or was one, shows in a feed.
create or replace function touch_on_manager() returns trigger language plpgsql as $$
begin
    if (tg_op <> 'INSERT' and old.is_manager) is distinct from (tg_op <> 'DELETE' and new.is_manager) then
        update shifts s set revision = s.revision + 1, changed_at = now()
        where s.ends_at > now() - interval '60 days'
            and s.rotation_id in (select id from rotations where team_id = coalesce(new.team_id, old.team_id));
    end if;
    return null;
end $$;
