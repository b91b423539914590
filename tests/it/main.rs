//! The product under test as its users meet it: requests through every layer, a real database for each test.

mod support;

mod chemicals;
mod containers;
mod contract;
mod imports;
mod labs;
mod locations;
mod login;
