namespace Fleet.Tests.House;

/// <summary>References point down only: Contracts ← {Core, Client, EntityFrameworkCore} ←
/// {Storage.Sql, MassTransit, Engine, Api, ApiDocs, Dashboard} ← {the storages, Transport.*, Oidc} ← Hosting ←
/// {Scheduler, Worker, Cli, Testing}. Hosting knows no provider but the defaults.</summary>
public sealed class ArchitectureTests
{
    /// <summary>The floor of each project; a reference leads to a lower floor.</summary>
    private static readonly Dictionary<string, int> Floors = new(StringComparer.Ordinal)
    {
        ["Contracts"] = 0,
        ["Core"] = 1,
        ["Client"] = 1,
        ["EntityFrameworkCore"] = 1,
        ["Storage.Sql"] = 2,
        ["Storage.Sqlite"] = 3,
        ["Storage.Postgres"] = 3,
        ["Storage.SqlServer"] = 3,
        ["MassTransit"] = 2,
        ["Engine"] = 2,
        ["Api"] = 2,
        ["ApiDocs"] = 2,
        ["Dashboard"] = 2,
        ["Oidc"] = 3,
        ["Transport.InMemory"] = 3,
        ["Transport.RabbitMq"] = 3,
        ["Hosting"] = 4,
        ["Scheduler"] = 5,
        ["Worker"] = 5,
        ["Cli"] = 5,
        ["Testing"] = 5,
    };

    private static readonly string[] Providers =
        ["src/Storage.Postgres", "src/Storage.SqlServer", "src/Transport.RabbitMq", "src/MassTransit"];

    /// <summary>Where a package may be referenced; the longest matching prefix decides. Packages not listed may be anywhere but in
    /// Contracts.</summary>
    private static readonly (string Prefix, string[] Projects)[] Homes =
    [
        ("MassTransit", ["MassTransit"]),
        ("MassTransit.RabbitMQ", ["Transport.RabbitMq"]),
        ("RabbitMQ", ["Transport.RabbitMq"]),
        ("Microsoft.EntityFrameworkCore", ["Core"]),
        ("Microsoft.EntityFrameworkCore.Design", ["Storage.Sqlite", "Storage.Postgres", "Storage.SqlServer"]),
        ("Microsoft.EntityFrameworkCore.Relational", ["Core", "EntityFrameworkCore"]),
        ("Microsoft.EntityFrameworkCore.Sqlite", ["Storage.Sqlite"]),
        ("Microsoft.EntityFrameworkCore.SqlServer", ["Storage.SqlServer"]),
        ("Microsoft.EntityFrameworkCore.InMemory", []),
        ("Npgsql", ["Storage.Postgres"]),
        ("Scalar", ["ApiDocs"]),
        ("Microsoft.AspNetCore.Authentication", ["Oidc"]),
        ("Microsoft.IdentityModel", ["Oidc"]),
        ("Microsoft.Data.Sqlite", ["Storage.Sqlite"]),
        ("Microsoft.Data.SqlClient", ["Storage.SqlServer"]),
    ];

    [Fact]
    public void Projects_UnderSrc_ReferenceLowerFloorsOnly()
    {
        var projects = Project.ReadAll("src");

        Assert.NotEmpty(projects);
        AssertNone(projects.SelectMany(WrongReferences));
    }

    [Fact]
    public void Samples_References_AreCoreAndContractsOnly()
    {
        var samples = Project.ReadAll("samples");

        Assert.NotEmpty(samples);
        AssertNone(from project in samples
                   from reference in project.References
                   where reference is not ("src/Core" or "src/Contracts")
                   select $"{project.Folder} references {reference}; samples see what an application sees: Core and Contracts.");
    }

    [Fact]
    public void Packages_UnderSrc_StayInTheirHomes() => AssertNone(Project.ReadAll("src").SelectMany(WrongPackages));

    [Theory]
    [InlineData("src/Core", "src/Api")]
    [InlineData("src/Core", "src/Storage.Sql")]
    [InlineData("src/Engine", "src/Storage.Sql")]
    [InlineData("src/Storage.Sql", "src/Storage.Sqlite")]
    [InlineData("src/Client", "src/Core")]
    [InlineData("src/Core", "src/Client")]
    [InlineData("src/Api", "src/Engine")]
    [InlineData("src/Engine", "src/Transport.RabbitMq")]
    [InlineData("src/Transport.RabbitMq", "src/Transport.InMemory")]
    [InlineData("src/Worker", "src/Scheduler")]
    [InlineData("src/Cli", "src/Worker")]
    [InlineData("src/Worker", "samples")]
    [InlineData("src/Cli", "src/Testing")]
    [InlineData("src/Hosting", "src/Storage.Postgres")]
    [InlineData("src/Hosting", "src/MassTransit")]
    [InlineData("src/Unheard", "src/Core")]
    [InlineData("src/Core", "src/Unheard")]
    public void WrongReferences_UpOrSideways_AreFound(string from, string to) =>
        Assert.NotEmpty(WrongReferences(new Project(from, [to], [])));

    [Theory]
    [InlineData("src/Core", "src/Contracts")]
    [InlineData("src/Client", "src/Contracts")]
    [InlineData("src/Api", "src/Client")]
    [InlineData("src/Storage.Postgres", "src/Storage.Sql")]
    [InlineData("src/Cli", "src/Client")]
    [InlineData("src/Cli", "samples")]
    [InlineData("src/Cli", "src/Hosting")]
    public void WrongReferences_Down_AreNone(string from, string to) =>
        Assert.Empty(WrongReferences(new Project(from, [to], [])));

    [Theory]
    [InlineData("src/Core", "MassTransit")]
    [InlineData("src/Hosting", "MassTransit.RabbitMQ")]
    [InlineData("src/Core", "Microsoft.EntityFrameworkCore.Sqlite")]
    [InlineData("src/Storage.Sqlite", "Npgsql.EntityFrameworkCore.PostgreSQL")]
    [InlineData("src/Contracts", "Cronos")]
    [InlineData("src/Contracts", "Microsoft.Extensions.Http")]
    [InlineData("src/Client", "Polly")]
    public void WrongPackages_AwayFromHome_AreFound(string project, string package) =>
        Assert.NotEmpty(WrongPackages(new Project(project, [], [package])));

    private static IEnumerable<string> WrongReferences(Project project)
    {
        foreach (var reference in project.References.Where(r => project.Name == "Hosting" && Providers.Contains(r, StringComparer.Ordinal)))
            yield return $"{project.Folder} references {reference}, a provider that only some programs want.";
        if (!Floors.TryGetValue(project.Name, out var floor))
        {
            yield return $"{project.Folder} has no floor; give it one here and in docs/adr.";
            yield break;
        }

        foreach (var reference in project.References)
        {
            if (reference.StartsWith("samples", StringComparison.Ordinal) && project.Name == "Cli")
                continue;
            var isDown = reference.StartsWith("src/", StringComparison.Ordinal)
                && Floors.TryGetValue(reference["src/".Length..], out var below) && below < floor;
            if (!isDown)
                yield return $"{project.Folder} references {reference}, which is not below it.";
        }
    }

    private static IEnumerable<string> WrongPackages(Project project)
    {
        foreach (var package in project.Packages)
        {
            var home = Homes
                .Where(h => package == h.Prefix || package.StartsWith(h.Prefix + ".", StringComparison.Ordinal))
                .OrderByDescending(h => h.Prefix.Length)
                .Select(h => h.Projects)
                .FirstOrDefault();
            if (project.Name == "Contracts" && !(package.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
                && package.EndsWith(".Abstractions", StringComparison.Ordinal)))
                yield return $"{project.Folder} references the package {package}; it takes Microsoft.Extensions.*.Abstractions only.";
            else if (project.Name == "Client" && !package.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal))
                yield return $"{project.Folder} references the package {package}; it takes Microsoft.Extensions.* only.";
            else if (home is not null && !home.Contains(project.Name, StringComparer.Ordinal))
                yield return $"{project.Folder} references the package {package}, which belongs to "
                    + $"{(home.Length == 0 ? "nobody" : string.Join(", ", home))}.";
        }
    }

    private static void AssertNone(IEnumerable<string> wrongs)
    {
        var all = wrongs.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }
}
