using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Fleet.Storage.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class SideBySide : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropPrimaryKey(
                name: "PK_jobs",
                table: "jobs");

            migrationBuilder.AddColumn<string>(
                name: "jobs",
                table: "workers",
                type: "text",
                nullable: false,
                defaultValue: "{}");

            migrationBuilder.AddColumn<string>(
                name: "put_by",
                table: "schedules",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "replaced",
                table: "schedules",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "version",
                table: "jobs",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "first_seen_at",
                table: "jobs",
                type: "timestamp with time zone",
                nullable: false,
                defaultValue: new DateTimeOffset(new DateTime(1, 1, 1, 0, 0, 0, 0, DateTimeKind.Unspecified), new TimeSpan(0, 0, 0, 0, 0)));

            migrationBuilder.AddColumn<int>(
                name: "times",
                table: "attempts",
                type: "integer",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddPrimaryKey(
                name: "PK_jobs",
                table: "jobs",
                columns: new[] { "name", "version" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropPrimaryKey(
                name: "PK_jobs",
                table: "jobs");

            migrationBuilder.DropColumn(
                name: "jobs",
                table: "workers");

            migrationBuilder.DropColumn(
                name: "put_by",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "replaced",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "version",
                table: "jobs");

            migrationBuilder.DropColumn(
                name: "first_seen_at",
                table: "jobs");

            migrationBuilder.DropColumn(
                name: "times",
                table: "attempts");

            migrationBuilder.AddPrimaryKey(
                name: "PK_jobs",
                table: "jobs",
                column: "name");
        }
    }
}
