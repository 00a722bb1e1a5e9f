using System.Globalization;
using System.Reflection;
using Fleet.Api.Access;
using Fleet.Client;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Fleet.Engine.Execution;
using Fleet.Engine.Leader;
using Fleet.Engine.Workers;
using Fleet.Tests.House;
using Fleet.Transport.RabbitMq;

namespace Fleet.Tests.Docs;

/// <summary>The table of docs/settings.md has all settings, with the defaults that the code has.</summary>
public sealed class SettingsTableTests
{
    /// <summary>Settings that are no property of options, and those with names that people choose.</summary>
    private static readonly string[] Others =
    [
        "Fleet:Storage:Provider", "Fleet:Transport:Provider", LaneOptions.Setting, "Fleet:Api:Urls", "Fleet:Api:Hosts",
        "Fleet:Api:PathBase", "Fleet:Api:Access", "Fleet:Api:Dashboard", "Fleet:Api:Docs", "Fleet:Api:Proxies",
        AccessOptions.OidcSection + ":Authority", AccessOptions.OidcSection + ":Audience", AccessOptions.OidcSection + ":ClientId",
        AccessOptions.OidcSection + ":ClientSecret", AccessOptions.OidcSection + ":Scopes", AccessOptions.OidcSection + ":Name",
        AccessOptions.OidcSection + ":SessionLife", AccessOptions.OidcSection + ":Roles:<n>:Claim",
        DemandOptions.Setting,
        "Fleet:Worker:JobsPath", "Fleet:Worker:Lanes:<lane>", "Fleet:Worker:Retry:Jobs:<job>:…", "Fleet:Schedules:<id>:…",
    ];

    private static readonly object[] Options =
    [
        new StorageOptions(), new RabbitMqOptions(), new SchedulerOptions(), new WorkerOptions(), new RetryOptions(),
        new FleetClientOptions(), new LimitOptions(),
    ];

    [Fact]
    public void Table_HasEverySetting_AndNoOther() => Assert.Equal(
        Settings().Select(s => s.Key).Concat(Others).Order(StringComparer.Ordinal), Rows().Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Table_Defaults_AreThoseOfTheCode()
    {
        var rows = Rows();
        foreach (var (key, value) in Settings())
            Assert.True(IsSame(rows[key].Default, value), $"{key}: the table says {rows[key].Default}, the code {value ?? "nothing"}.");
    }

    [Fact]
    public void Table_Code_NamesTheProperty()
    {
        var rows = Rows();
        Assert.All(
            Settings().Where(s => s.Key != "Fleet:Storage:ConnectionString" && s.Key != "Fleet:Transport:Uri"),
            s => Assert.Contains(
                s.Key.Split(':')[^1].Replace("MigrateAtStart", "MigratesAtStart", StringComparison.Ordinal),
                rows[s.Key].Code, StringComparison.Ordinal));
    }

    private static bool IsSame(string cell, object? value) => value switch
    {
        null => cell == "none",
        TimeSpan span => Durations.TryParse(cell, out var told) && told == span,
        bool flag => cell == (flag ? "true" : "false"),
        _ => cell == Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private static IEnumerable<(string Key, object? Value)> Settings() =>
        from options in Options
        let section = (string)options.GetType().GetField("Section")!.GetRawConstantValue()!
        from property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.SetMethod is not null && !property.PropertyType.Name.StartsWith("Dictionary", StringComparison.Ordinal)
        select ($"{section}:{property.Name}", property.GetValue(options));

    private static Dictionary<string, (string Code, string Default)> Rows() => File
        .ReadLines(Path.Combine(Repository.Root, "docs", "settings.md"))
        .Where(line => line.StartsWith("| `Fleet:", StringComparison.Ordinal))
        .Select(line => line.Split(" | ")).ToDictionary(
            cells => cells[0].Trim('|', ' ', '`'), cells => (cells[1], cells[2].Trim('`', ' ')), StringComparer.Ordinal);
}
