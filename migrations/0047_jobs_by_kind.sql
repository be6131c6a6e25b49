-- Workers take jobs kind by kind, so that many of one kind don't stand in the way of another.
create index jobs_next_of_kind on jobs (kind, next_at, id) where state = 'waiting';

-- Nobody is woken by a key that was there already.
create or replace function tell_workers() returns trigger language plpgsql as $$
begin
    if exists (select from added) then
        perform pg_notify('jobs', '');
    end if;
    return null;
end $$;
drop trigger jobs_added on jobs;
create trigger jobs_added after insert on jobs
    referencing new table as added for each statement execute function tell_workers();
