-- Which clashes of calendars with shifts somebody was told of: each once, and of one reading all together.
create table clashes_told (
    reader_id bigint not null references people on delete cascade,
    -- person, team, role and start of the shift
    key text not null,
    -- the end of the shift: nobody is told any more
    until timestamptz not null,
    primary key (reader_id, key)
);
create index clashes_told_until on clashes_told (until);

-- Until now the keys of what was told said so.
insert into clashes_told (reader_id, key, until)
select p.id, substring(j.key from '^notice:calendar[.]clash:(.*):[0-9]+$'), now() + interval '120 days'
from jobs j join people p on p.id = substring(j.key from '[0-9]+$')::bigint
where j.kind = 'notice' and j.key ~ '^notice:calendar[.]clash:.*:[0-9]{1,18}$'
on conflict do nothing;
