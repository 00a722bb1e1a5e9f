using System.Text.Json.Nodes;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using YamlDotNet.Serialization;

namespace Fleet.Tests.Deploy;

/// <summary>docker-compose.yml as docker-compose itself understands it, with the values of <c>.env.example</c>.</summary>
internal static class Composition
{
    // docker-compose takes a second or two, and there are many tests.
    private static readonly Lazy<Task<Dictionary<string, JsonNode>>> SqlServer = new(() => LoadAsync("sqlserver"));
    private static readonly Lazy<Task<Dictionary<string, JsonNode>>> Postgres = new(() => LoadAsync("postgres"));

    private static readonly string? Program = Programs.Find("docker-compose");

    /// <summary>Reads it, or skips the test where docker-compose is missing.</summary>
    /// <param name="profile"><c>sqlserver</c>, or <c>postgres</c> with the lines that the example has for it.</param>
    /// <returns>Service → its definition. Services of other profiles are left out.</returns>
    public static Task<Dictionary<string, JsonNode>> ReadAsync(string profile)
    {
        SkipWhereMissing();
        return (profile == "postgres" ? Postgres : SqlServer).Value;
    }

    /// <summary>Has docker-compose read the file, or skips the test where docker-compose is missing.</summary>
    /// <param name="env">The lines of the <c>.env</c> file; that of whoever runs the tests is not looked at.</param>
    public static async Task<(int ExitCode, string Output, string Error)> ConfigAsync(IEnumerable<string> env)
    {
        SkipWhereMissing();
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "env");
        await File.WriteAllLinesAsync(file, env);
        return await Programs.RunAsync([Program!, "--env-file", file, "config"], Repository.Root);
    }

    /// <summary>The settings of a service, as its process sees them.</summary>
    public static Dictionary<string, string> Settings(JsonNode service) => service["environment"]!.AsObject()
        .Where(e => e.Key.StartsWith("Fleet__", StringComparison.Ordinal))
        .ToDictionary(e => e.Key, e => e.Value!.GetValue<string>(), StringComparer.Ordinal);

    /// <summary>The lines of an array.</summary>
    public static string[] Texts(JsonNode array) => [.. array.AsArray().Select(t => t!.GetValue<string>())];

    private static void SkipWhereMissing() =>
        Assert.SkipWhen(
            Program is null, "docker-compose is not installed (Debian: apt-get install --no-install-recommends docker-compose).");

    private static async Task<Dictionary<string, JsonNode>> LoadAsync(string profile)
    {
        var (exitCode, output, error) = await ConfigAsync(Example(profile));
        Assert.True(exitCode == 0, error);
        var yaml = new DeserializerBuilder().Build().Deserialize(output);
        var all = JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(yaml))!["services"]!.AsObject();
        return all.Where(s => s.Value!["profiles"] is not { } profiles || Texts(profiles).Contains(profile, StringComparer.Ordinal))
            .ToDictionary(s => s.Key, s => s.Value!, StringComparer.Ordinal);
    }

    /// <summary>The values of <c>.env.example</c>; what is commented out without a blank is for PostgreSQL.</summary>
    private static string[] Example(string profile)
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, ".env.example"));
        var values = lines.Where(line => line.Length > 0 && line[0] != '#')
            .ToDictionary(line => line.Split('=')[0], StringComparer.Ordinal);
        foreach (var line in lines.Where(line => profile == "postgres" && line.Length > 1 && line[0] == '#' && line[1] != ' '))
            values[line[1..].Split('=')[0]] = line[1..];
        Assert.Equal($"COMPOSE_PROFILES={profile}", values["COMPOSE_PROFILES"]);
        return [.. values.Values];
    }
}
