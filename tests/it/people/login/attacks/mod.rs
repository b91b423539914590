//! The list of attacks on the login, row by row: what is tried, and the tests that show what becomes of it. A test
//! names a scenario, which stands in a file beside this one, or with the rest of its subject. Some rows are shown
//! elsewhere as well; a remark says where.

mod downgrade;
mod failures;
mod guesses;
pub mod scene;
mod secrecy;
mod sends;
mod spending;
mod tokens;

use sqlx::PgPool;

use super::{accounts, failover, firebase, outage, phone_change, privacy, redis, start, states};
use crate::messages::receipts;

/// Each line is a test of that name: it runs the scenario, most of them on a database of its own.
macro_rules! attacks {
    ($($name:ident => $scenario:path $(, $without:ident)?;)*) => {
        $(attack!($name => $scenario $(, $without)?);)*
    };
}

macro_rules! attack {
    ($name:ident => $scenario:path) => {
        #[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
        async fn $name(db: PgPool) {
            $scenario(db).await;
        }
    };
    ($name:ident => $scenario:path, without_database) => {
        #[tokio::test]
        async fn $name() {
            $scenario().await;
        }
    };
}

attacks! {
    // 1. A new code is asked for, so that the count of wrong ones begins anew.
    row_01_a_new_code_does_not_reset_the_failure_count => failures::a_new_code_resets_no_count;
    row_01_the_failure_count_outlives_the_store_of_the_codes => failures::the_count_outlives_the_codes;
    row_01_waits_double_to_an_hour => failures::waits_double;
    row_01_the_hundredth_failure_locks_the_phone_until_it_is_unlocked => failures::the_hundredth_locks;
    row_01_guesses_all_at_once_do_not_get_past_the_hundredth_either => failures::fifty_at_once_near_the_lock;

    // 2. One code is guessed from two hundred addresses.
    row_02_of_two_hundred_guesses_from_as_many_addresses_five_are_compared => guesses::two_hundred_addresses;

    // 3. Many challenges of one phone are opened, each with guesses of its own.
    row_03_fifty_challenges_at_once_are_one_with_five_guesses => guesses::fifty_challenges_at_once;

    // 4. The right code is sent a hundred times at once. Over four processes: tests/it/four_processes.rs.
    row_04_of_a_hundred_right_guesses_at_once_one_is_let_in => guesses::a_hundred_right_at_once;

    // 5. Wrong codes are sent faster than they are counted. Over four processes: tests/it/four_processes.rs.
    row_05_of_five_hundred_wrong_guesses_at_once_five_are_compared_and_all_five_counted
        => guesses::five_hundred_wrong_at_once;

    // 6. Nothing is sent as the code, in the hope that it equals a code that is not there.
    row_06_no_empty_code_matches_whether_or_not_one_was_sent => guesses::empty_codes;

    // 7. Something is sent that a lax reader takes for the code.
    row_07_look_alikes_of_the_code_are_refused_and_cost_no_guess_but_count_for_the_address => guesses::look_alikes;

    // 8. A code is used again, or after its time.
    row_08_a_code_is_good_once_and_to_the_last_second_by_the_servers_clock => guesses::once_and_to_the_last_second;

    // 9. A code for one thing is used for another.
    row_09_a_code_for_logging_in_is_good_for_nothing_else => guesses::another_purpose;
    row_09_a_code_is_good_for_its_purpose_and_its_user_alone => phone_change::purpose_and_user;

    // 10. A victim is made to type the code of one request into another.
    row_10_a_code_is_good_with_the_challenge_of_its_own_request_alone => guesses::another_request;

    // 11. The right code comes with somebody else's phone.
    row_11_whose_phone_it_is_says_the_challenge_and_never_the_body => guesses::another_phone;

    // 12. The answer is lost, and the request is repeated: by the client, or by the driver of the store.
    row_12_who_lost_the_answer_repeats_with_the_same_key_and_gets_the_same_session => guesses::a_lost_answer;
    row_12_a_right_code_whose_verdict_was_lost_on_the_wire_is_right_once => redis::a_right_verdict_lost;
    row_12_a_wrong_code_whose_verdict_was_lost_on_the_wire_is_counted_once => redis::a_wrong_verdict_lost;
    row_12_a_client_that_was_told_503_repeats_with_its_key_and_gets_in => redis::a_repeat_after_503;

    // 13. What was begun before a lock is ended after it.
    row_13_a_lock_that_comes_after_the_code_was_sent_lets_nobody_in => failures::a_lock_after_the_code_was_sent;
    row_13_a_lock_that_comes_between_the_comparison_and_the_token_stops_the_token
        => failures::a_lock_before_the_token;
    row_13_who_is_disabled_gets_neither_a_token_nor_a_new_one => failures::disabled_with_a_code;
    row_13_who_is_disabled_while_a_code_is_held_gets_no_token_and_no_refresh
        => accounts::disabled_while_a_code_is_held;
    row_13_a_locked_phone_does_not_come_in_by_firebase_either => firebase::limits::a_locked_phone;

    // 14. Somebody's guesses are used up, so that he cannot log in himself.
    row_14_a_stranger_cannot_lock_out_the_owner_of_a_known_device => failures::a_known_device_of_a_locked_phone;
    row_14_a_stranger_neither_voids_the_owners_code_nor_uses_up_his_sends
        => failures::a_known_device_has_codes_of_its_own;
    row_14_all_devices_of_a_phone_together_get_twice_its_codes => failures::many_devices_of_one_phone;
    row_14_a_device_is_known_for_half_a_year => failures::half_a_year;
    row_14_a_device_is_known_for_its_own_phone_alone_and_no_answer_tells_it => failures::forged_devices;
    row_14_wrong_codes_of_strangers_make_nobody_wait_who_comes_by_firebase => firebase::limits::a_waiting_phone;

    // 15. Another address is made up for each request.
    row_15_a_made_up_forwarded_for_does_not_make_another_client => sends::made_up_hops;
    row_15_without_any_address_the_limit_holds_too => sends::no_address;
    row_15_behind_a_trusted_proxy_the_right_most_foreign_hop_is_the_client => sends::behind_a_proxy;
    row_15_addresses_of_one_ipv6_network_are_one_client => sends::one_ipv6_network;
    row_15_sixty_guesses_an_hour_from_one_address => sends::sixty_guesses;
    row_15_sixty_id_tokens_an_hour_from_one_address => firebase::limits::sixty_id_tokens;

    // 16. One number is spelled in many ways.
    row_16_spellings_of_one_number_share_counter_and_cooldown => sends::spellings;

    // 17. Requests are sent faster than they are counted.
    row_17_of_fifty_requests_at_once_one_sends => sends::fifty_requests_at_once;

    // 18. Requests are sent on both sides of the end of an hour.
    row_18_no_window_has_an_edge_at_which_twice_as_many_fit => sends::the_edge_of_a_window;

    // 19. Messages are made to fail, so that they are not counted.
    row_19_a_message_that_fails_gives_nothing_back => sends::a_message_that_fails;
    row_19_what_the_phones_own_limit_refuses_is_given_back_to_the_address => sends::refused_by_the_phones_limit;

    // 20. Redis is away, slow, full or read-only.
    row_20_with_redis_down_logins_wait_and_come_back_by_themselves => outage::down;
    row_20_with_redis_slow_logins_wait_and_come_back_by_themselves => outage::slow;
    row_20_with_redis_full_logins_wait_and_come_back_by_themselves => outage::full;
    row_20_with_redis_read_only_logins_wait_and_come_back_by_themselves => outage::read_only;
    row_20_with_redis_frozen_logins_wait_and_come_back_by_themselves => outage::frozen;

    // 21. Redis is filled until it drops counters. What the start says of it: tests/it/four_processes.rs.
    row_21_every_policy_that_could_drop_a_counter_is_fatal => start::evicting_policies, without_database;
    row_21_one_node_of_a_cluster_that_could_drop_counters_is_found => start::one_evicting_node, without_database;
    row_21_a_redis_that_may_drop_counters_is_never_ready => outage::evicting;

    // 22. Redis loses the write that a code was used, and the code comes again.
    row_22_a_code_that_redis_forgot_was_used_is_refused_by_the_database => redis::a_use_that_was_forgotten;
    row_22_a_code_that_was_used_before_a_failover_is_refused_after_it => failover::a_use_that_was_not_replicated;
    row_22_while_slots_of_a_cluster_move_nobody_comes_in_twice => failover::slots_that_move;

    // 23. Answers are compared, to learn who has an account.
    row_23_bodies_headers_and_statements_are_the_same_for_every_phone => secrecy::the_same_for_every_phone;
    row_23_a_code_by_email_is_asked_for_alike_with_and_without_a_mailbox_or_an_account => secrecy::the_same_by_email;
    row_23_a_locked_phone_answers_like_one_that_waits_and_costs_as_much => secrecy::locked_like_waiting;
    row_23_the_time_of_an_answer_does_not_tell_whose_phone_it_is => secrecy::the_time_of_an_answer;
    row_23_the_state_of_a_challenge_tells_no_account_from_none_whatever_the_provider_does
        => states::accounts_and_strangers_are_alike;
    row_23_a_request_does_not_tell_whether_a_phone_has_an_account => privacy::known_and_unknown;

    // 24. Codes are sent to numbers that somebody is paid for.
    row_24_numbers_of_which_no_code_comes_back_get_no_more_and_others_go_on
        => spending::numbers_that_verify_nothing;
    row_24_a_country_stops_too_but_not_for_those_who_were_here_before => spending::a_country;
    row_24_at_the_budget_nobody_gets_a_code_and_everybody_the_same_answer => spending::a_budget;
    row_24_two_hundred_requests_at_once_over_two_instances_do_not_exceed_a_budget => spending::a_budget_at_once;

    // 25. Codes are sent where it is dear, or where none arrives.
    row_25_what_is_dear_or_cannot_be_reached_is_refused_before_it_costs => spending::dear_destinations;

    // 26. A message is made to say what somebody else wants.
    row_26_no_text_of_a_user_gets_into_a_message => secrecy::text_of_a_user;

    // 27. The fixed code of a test phone is used in production.
    row_27_a_fixed_code_needs_an_end_in_production_and_its_use_is_told => secrecy::fixed_codes;

    // 28. A token's header chooses how it is verified, and with which key. The verifier alone: src/base/tokens/tests.
    row_28_the_header_chooses_neither_algorithm_nor_key => tokens::headers;
    row_28_the_header_of_an_id_token_chooses_neither_algorithm_nor_key => firebase::rules::headers;
    row_28_a_thousand_unknown_key_ids_cause_at_most_one_fetch_a_minute
        => firebase::keys::a_thousand_unknown_key_ids;

    // 29. A token's claims are missing, or of another type. The verifier alone: src/base/tokens/tests.
    row_29_every_claim_and_header_is_required_and_of_its_type => tokens::claims;
    row_29_a_thousand_unknown_keys_are_refused_each => tokens::a_thousand_unknown_keys;
    row_29_each_claim_of_an_id_token_is_required_and_of_its_type => firebase::rules::claims;

    // 30. A token of one kind is shown where another is wanted.
    row_30_a_token_of_one_kind_is_none_of_another => tokens::kinds;
    row_30_every_other_kind_of_token_is_refused => firebase::bearer::other_kinds;

    // 31. A refresh token is used twice: at once by an app, or later by a thief.
    row_31_twenty_refreshes_make_one_successor_and_a_grandparent_ends_the_family => tokens::refresh_races_and_theft;

    // 32. A Firebase token is not what it should be.
    row_32_another_project_issuer_or_audience_is_refused => firebase::rules::foreign;
    row_32_a_subject_has_1_to_128_characters => firebase::rules::subjects;
    row_32_times_are_not_in_the_future_and_the_end_is => firebase::rules::times;
    row_32_a_token_signed_by_another_key_is_refused => firebase::rules::another_key;
    row_32_a_custom_token_and_a_session_cookie_are_told_what_to_send_instead
        => firebase::rules::custom_tokens_and_cookies;
    row_32_tenants_anonymous_people_and_phones_without_a_number_are_refused
        => firebase::rules::tenants_and_anonymous;
    row_32_a_disabled_a_deleted_and_a_revoked_account_are_refused => firebase::accounts::bad_accounts;
    row_32_production_does_not_start_with_the_emulator_and_takes_no_unsigned_token
        => firebase::emulator::not_in_production, without_database;

    // 33. Another provider, or another project, states the phone of somebody who is here.
    row_33_only_a_sign_in_by_phone_leads_to_the_phones_user => firebase::identities::only_a_phone_leads_to_a_phone;
    row_33_an_account_is_known_by_its_name_at_its_issuer_and_never_by_its_address
        => firebase::identities::by_name_never_by_address;

    // 34. An account waits for, or is left behind by, the next holder of a number.
    row_34_a_number_that_was_left_is_free_for_somebody_new => phone_change::a_number_that_was_left;

    // 35. A stolen session takes the account to another phone; two want the same phone.
    row_35_it_needs_a_login_of_the_last_five_minutes_which_no_refresh_renews => phone_change::a_fresh_login;
    row_35_all_other_sessions_end_and_this_one_stays => phone_change::other_sessions_end;
    row_35_of_many_who_want_one_number_at_once_one_gets_it => phone_change::one_number_at_once;
    row_35_two_who_swap_their_numbers_at_once_are_told_what_to_do => phone_change::a_swap_at_once;

    // 36. A delivery receipt is forged, sent again, or comes too late. Each client against its contract:
    //     tests/it/clients.
    row_36_one_changed_byte_of_a_callback_is_refused_and_changes_nothing => receipts::one_changed_byte;
    row_36_a_receipt_counts_once_and_what_has_arrived_has_arrived => receipts::delivered_twice_then_failed;
    row_36_after_failed_comes_no_delivered => receipts::failed_then_delivered;
    row_36_one_provider_says_nothing_of_anothers_message => receipts::of_another_provider;
    row_36_a_receipt_lets_nobody_in_and_proves_no_phone => receipts::nobody_gets_in;

    // 37. SMS is made to fail, so that the code goes to another mailbox.
    row_37_an_address_that_was_set_but_never_proven_gets_no_code => downgrade::an_address_never_proven;
    row_37_a_login_by_email_is_worth_less_and_changes_neither_phone_nor_mailbox => downgrade::worth_less;
    row_37_no_account_begins_with_a_mailbox => downgrade::no_account_begins;
    row_37_a_fixed_code_proves_no_mailbox => downgrade::a_fixed_code;
    row_37_a_mailbox_that_was_left_lets_nobody_in_and_keeps_nobody_in => downgrade::a_mailbox_that_was_left;

    // 38. The code is read where it should not stand.
    row_38_a_run_leaves_no_code_phone_or_token_in_logs_metrics_tables_or_problems => privacy::a_whole_run;
}
