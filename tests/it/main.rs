//! The product under test as its users meet it: requests through every layer, a real database for each test.

mod support;

mod browser;
mod catalogue;
mod clients;
mod contract;
mod doctor;
mod edge;
mod end_to_end;
mod exchange;
mod four_processes;
mod journal;
mod messages;
mod people;
mod platform;
mod production;
mod stock;
mod two_roles;
