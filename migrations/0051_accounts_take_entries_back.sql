-- An account that shifts were written by is removed: until its entries are taken back, its user and
-- password stay with the channel, encrypted for the account they belonged to.
alter table calendar_channels
    add sealed bytea,
    add sealed_for bigint,
    add check ((sealed is null) = (sealed_for is null)),
    add check (sealed is null or ended_at is not null);

-- What an account's removal takes out of its calendars: entries to come.
create view account_pushes as
select c.source_id, c.name, c.ended_at is null as is_chosen,
    (select count(*) from calendar_deliveries d
        where d.channel_id = c.id and d.standing in ('there', 'conflict') and d.ends_at > now()) as entries
from calendar_channels c where c.source_id is not null;

create function keep_what_takes_back() returns trigger language plpgsql as $$
begin
    update calendar_channels c set ended_at = coalesce(ended_at, now()), sealed = old.secret, sealed_for = old.id
    where c.source_id = old.id and exists (select from calendar_deliveries d
        where d.channel_id = c.id and d.standing = 'there' and d.ends_at > now());
    update calendar_channels set ended_at = now() where source_id = old.id and ended_at is null;
    insert into jobs (kind, key, lane, payload, created_at, due_at, next_at)
    select 'calendar.out', 'calendar.out:' || old.person_id || ':removed:' || old.id, 'calendar.out:' || old.person_id,
        jsonb_build_object('person', old.person_id, 'retry', true), now(), now(), now()
    where exists (select from calendar_channels where sealed_for = old.id)
    on conflict (key) do nothing;
    return old;
end $$;
create trigger sources_removed before delete on sources
    for each row execute function keep_what_takes_back();
drop trigger sources_gone_deliver on sources;
