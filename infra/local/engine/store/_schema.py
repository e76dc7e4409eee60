"""The tables of the engine's record."""

from __future__ import annotations

SCHEMA_VERSION = 3

SCHEMA = """
CREATE TABLE tuning_jobs (
    name TEXT PRIMARY KEY COLLATE NOCASE, arn TEXT NOT NULL, request TEXT NOT NULL, seed INTEGER NOT NULL,
    status TEXT NOT NULL, created REAL NOT NULL, modified REAL NOT NULL, ended REAL, failure_reason TEXT, ending TEXT,
    parents TEXT NOT NULL
);
CREATE TABLE training_jobs (
    name TEXT PRIMARY KEY COLLATE NOCASE, arn TEXT NOT NULL, request_json TEXT NOT NULL, status TEXT NOT NULL,
    secondary_status TEXT NOT NULL, created REAL NOT NULL, modified REAL NOT NULL,
    tuning_job TEXT COLLATE NOCASE, tuning_job_arn TEXT, number INTEGER, definition TEXT, tuned TEXT NOT NULL,
    started REAL, ended REAL, failure_reason TEXT, objective_value REAL, objective_status TEXT,
    attempt INTEGER NOT NULL, lost INTEGER NOT NULL, interrupted INTEGER NOT NULL, stop_reason TEXT,
    UNIQUE (tuning_job, number)
);
CREATE TABLE transitions (
    training_job TEXT NOT NULL COLLATE NOCASE, position INTEGER NOT NULL, status TEXT NOT NULL,
    started REAL NOT NULL, ended REAL, message TEXT NOT NULL, PRIMARY KEY (training_job, position)
) WITHOUT ROWID;
CREATE TABLE metric_values (
    training_job TEXT NOT NULL COLLATE NOCASE, attempt INTEGER NOT NULL, position INTEGER NOT NULL,
    name TEXT NOT NULL, value REAL, time REAL NOT NULL, PRIMARY KEY (training_job, attempt, position, name)
) WITHOUT ROWID;
CREATE TABLE state_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    secondary_status TEXT, time REAL NOT NULL
);
CREATE TABLE publications (
    training_job TEXT PRIMARY KEY COLLATE NOCASE, attempt INTEGER NOT NULL, stream TEXT, log_offset INTEGER NOT NULL,
    metric_offset INTEGER NOT NULL, done INTEGER NOT NULL
);
CREATE TABLE tags (
    arn TEXT NOT NULL COLLATE NOCASE, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (arn, key)
) WITHOUT ROWID;
"""
