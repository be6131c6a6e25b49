-- Open pages of covering follow what happens: each step of a request is told on the channel "cover",
-- as "team request", when it is committed. Every step adds to the history.
create function tell_cover() returns trigger language plpgsql as $$
begin
    perform pg_notify('cover', n.team_id || ' ' || r.id)
    from cover_requests r join roles o on o.id = r.role_id join rotations n on n.id = o.rotation_id
    where r.id = new.request_id;
    return null;
end $$;
create trigger cover_events_news after insert on cover_events for each row execute function tell_cover();
