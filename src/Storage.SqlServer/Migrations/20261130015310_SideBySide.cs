using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Fleet.Storage.SqlServer.Migrations
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
                type: "nvarchar(max)",
                nullable: false,
                defaultValue: "{}",
                collation: "Latin1_General_100_BIN2");

            migrationBuilder.AddColumn<string>(
                name: "put_by",
                table: "schedules",
                type: "nvarchar(max)",
                nullable: true,
                collation: "Latin1_General_100_BIN2");

            migrationBuilder.AddColumn<string>(
                name: "replaced",
                table: "schedules",
                type: "nvarchar(max)",
                nullable: true,
                collation: "Latin1_General_100_BIN2");

            migrationBuilder.AddColumn<string>(
                name: "version",
                table: "jobs",
                type: "nvarchar(32)",
                maxLength: 32,
                nullable: false,
                defaultValue: "",
                collation: "Latin1_General_100_BIN2");

            migrationBuilder.AddColumn<DateTime>(
                name: "first_seen_at",
                table: "jobs",
                type: "datetime2(7)",
                nullable: false,
                defaultValue: new DateTime(1, 1, 1, 0, 0, 0, 0, DateTimeKind.Unspecified));

            migrationBuilder.AddColumn<int>(
                name: "times",
                table: "attempts",
                type: "int",
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
