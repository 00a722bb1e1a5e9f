using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Fleet.Storage.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Scheduling : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_schedules_next",
                table: "schedules");

            migrationBuilder.AddColumn<long>(
                name: "ends_at",
                table: "schedules",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "exclude",
                table: "schedules",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "jitter",
                table: "schedules",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "labels",
                table: "schedules",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "max_occurrences",
                table: "schedules",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "misfire_deadline",
                table: "schedules",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "missed",
                table: "schedules",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<int>(
                name: "overlap",
                table: "schedules",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "planned",
                table: "schedules",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "resume_at",
                table: "schedules",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "starts_at",
                table: "schedules",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "status_by",
                table: "schedules",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "status_since",
                table: "schedules",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "overlap",
                table: "runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            // What does not fire is not planned: from here on that is said by this column alone.
            migrationBuilder.Sql("UPDATE schedules SET next_plan_at = NULL WHERE status <> 1");

            migrationBuilder.CreateIndex(
                name: "ix_schedules_next",
                table: "schedules",
                column: "next_plan_at",
                filter: "next_plan_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_turns",
                table: "runs",
                column: "schedule_id",
                filter: "schedule_id IS NOT NULL AND state < 2");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_schedules_next",
                table: "schedules");

            migrationBuilder.DropIndex(
                name: "ix_runs_turns",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "ends_at",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "exclude",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "jitter",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "labels",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "max_occurrences",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "misfire_deadline",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "missed",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "overlap",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "planned",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "resume_at",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "starts_at",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "status_by",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "status_since",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "overlap",
                table: "runs");

            migrationBuilder.CreateIndex(
                name: "ix_schedules_next",
                table: "schedules",
                column: "next_plan_at",
                filter: "status = 1 AND next_plan_at IS NOT NULL");
        }
    }
}
