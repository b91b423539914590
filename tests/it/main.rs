//! The product under test as its users meet it: requests through every layer, a real database for each test.

mod support;

mod browser;
mod chemicals;
mod clients;
mod containers;
mod contract;
mod doctor;
mod edge;
mod end_to_end;
mod four_processes;
mod imports;
mod labs;
mod lanes;
mod locations;
mod login;
mod messages;
mod production;
mod two_roles;
