using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Fleet.Storage.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class UnlistedRuns : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // A worker of the program before this would claim runs without a row in claims, and nobody would find them if it died.
            migrationBuilder.Sql("""
                LOCK TABLE workers IN SHARE MODE;
                DO $$
                DECLARE alive text := (SELECT string_agg(name, ', ') FROM workers WHERE state <> 2 AND lease_until > clock_timestamp());
                BEGIN
                    IF alive IS NOT NULL THEN
                        RAISE EXCEPTION 'Workers are running: %. This migration changes how they claim runs: stop all workers (one that was killed counts until its lease ends), and run it again.', alive;
                    END IF;
                END $$;
                """);

            migrationBuilder.DropIndex(
                name: "ix_runs_dead",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "ix_runs_finished",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "ix_runs_pending",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "ix_runs_running",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "ix_runs_turns",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "ix_runs_unstaged",
                table: "runs");

            migrationBuilder.AlterTable(
                name: "runs")
                .Annotation("Npgsql:StorageParameter:fillfactor", 45);

            migrationBuilder.AddColumn<int>(
                name: "listed",
                table: "runs",
                type: "integer",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "batches",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    lane = table.Column<string>(type: "text", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ids = table.Column<Guid[]>(type: "uuid[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_batches", x => x.id);
                })
                .Annotation("Npgsql:StorageParameter:toast_tuple_target", 8160);

            migrationBuilder.CreateTable(
                name: "claims",
                columns: table => new
                {
                    worker_id = table.Column<Guid>(type: "uuid", nullable: false),
                    lease_token = table.Column<long>(type: "bigint", nullable: false),
                    ids = table.Column<Guid[]>(type: "uuid[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_claims", x => new { x.worker_id, x.lease_token });
                })
                .Annotation("Npgsql:StorageParameter:toast_tuple_target", 8160);

            migrationBuilder.Sql("UPDATE runs SET listed = state WHERE state IN (0, 3, 4) OR (state = 1 AND schedule_id IS NOT NULL)");
            migrationBuilder.Sql("INSERT INTO claims (worker_id, lease_token, ids) SELECT worker_id, lease_token, ARRAY[id] FROM runs WHERE state = 1 AND worker_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_ended",
                table: "runs",
                column: "created_at",
                filter: "listed > 2");

            migrationBuilder.CreateIndex(
                name: "ix_runs_last_chance",
                table: "runs",
                column: "id",
                filter: "crashes >= 2");

            migrationBuilder.CreateIndex(
                name: "ix_runs_pending",
                table: "runs",
                columns: new[] { "lane", "due_at" },
                filter: "listed = 0");

            migrationBuilder.CreateIndex(
                name: "ix_runs_turns",
                table: "runs",
                column: "schedule_id",
                filter: "schedule_id IS NOT NULL AND listed < 2");

            migrationBuilder.CreateIndex(
                name: "ix_runs_unlisted",
                table: "runs",
                column: "due_at",
                filter: "listed IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_unstaged",
                table: "runs",
                column: "due_at",
                filter: "listed = 0 AND NOT staged");

            migrationBuilder.CreateIndex(
                name: "ix_batches_due",
                table: "batches",
                columns: new[] { "lane", "due_at" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "batches");

            migrationBuilder.DropTable(
                name: "claims");

            migrationBuilder.DropIndex(
                name: "ix_runs_ended",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "ix_runs_last_chance",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "ix_runs_pending",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "ix_runs_turns",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "ix_runs_unlisted",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "ix_runs_unstaged",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "listed",
                table: "runs");

            migrationBuilder.AlterTable(
                name: "runs")
                .OldAnnotation("Npgsql:StorageParameter:fillfactor", 45);

            migrationBuilder.CreateIndex(
                name: "ix_runs_dead",
                table: "runs",
                column: "finished_at",
                filter: "state = 3");

            migrationBuilder.CreateIndex(
                name: "ix_runs_finished",
                table: "runs",
                column: "finished_at",
                filter: "finished_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_pending",
                table: "runs",
                columns: new[] { "lane", "due_at" },
                filter: "state = 0");

            migrationBuilder.CreateIndex(
                name: "ix_runs_running",
                table: "runs",
                column: "worker_id",
                filter: "state = 1");

            migrationBuilder.CreateIndex(
                name: "ix_runs_turns",
                table: "runs",
                column: "schedule_id",
                filter: "schedule_id IS NOT NULL AND state < 2");

            migrationBuilder.CreateIndex(
                name: "ix_runs_unstaged",
                table: "runs",
                column: "due_at",
                filter: "state = 0 AND NOT staged");
        }
    }
}
