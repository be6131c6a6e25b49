-- The tables take whatever the rules of the code call sound.
alter table version_roles drop constraint version_roles_escalation_order_check;
alter table version_roles add constraint version_roles_escalation_order_check
    check (escalation_order between 1 and 99);
alter table rotation_versions drop constraint rotation_versions_look_back_months_check;
alter table rotation_versions add constraint rotation_versions_look_back_months_check
    check (look_back_months between 1 and 60);
alter table rotation_versions drop constraint rotation_versions_experienced_per_shift_check;
alter table rotation_versions add constraint rotation_versions_experienced_per_shift_check
    check (experienced_per_shift between 0 and 12);

-- Two roles or legs may swap names in one statement.
alter table roles drop constraint roles_rotation_id_name_key;
alter table roles add constraint roles_rotation_id_name_key
    unique (rotation_id, name) deferrable initially immediate;
alter table legs drop constraint legs_rotation_id_name_key;
alter table legs add constraint legs_rotation_id_name_key
    unique (rotation_id, name) deferrable initially immediate;

-- A rotation that was never used takes its drafts along, in whatever order the rows go.
alter table assignments alter constraint assignments_shift_id_fkey deferrable initially deferred;
alter table assignments alter constraint assignments_role_id_fkey deferrable initially deferred;
