-- An earlier link stops working: of each purpose, address and team there is one that nobody has used, also
-- where two are made at the same moment. The newest stays.
delete from one_time_links l using one_time_links newer
where l.used_at is null and newer.used_at is null and newer.id > l.id
    and newer.purpose = l.purpose and newer.email = l.email and newer.team_id is not distinct from l.team_id;
create unique index one_time_links_one on one_time_links (purpose, email, team_id) nulls not distinct
    where used_at is null;
