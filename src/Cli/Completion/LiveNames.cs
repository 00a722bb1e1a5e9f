using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fleet.Cli.Config;
using Fleet.Cli.Connection;

namespace Fleet.Cli.Completion;

/// <summary>Names that only the server, or the file of the profiles, knows.</summary>
public enum LiveKind
{
    Jobs,
    Lanes,
    Schedules,
    Workers,
    Views,
    Runs,
    Dead,
    DeadGroups,
    Profiles,
}

/// <summary>Reads live names for completion. They are kept for 5 s. A server that does not answer within 400 ms has none: completion must
/// neither wait nor complain.</summary>
public static class LiveNames
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>What an argument or an option of a command names; null when it is free text.</summary>
    /// <param name="path">The command, such as <c>schedule get</c>.</param>
    /// <param name="symbol">The name of the argument, or of the option with its dashes.</param>
    public static LiveKind? KindOf(string path, string symbol) => (path.Split(' ')[0], path, symbol.ToUpperInvariant()) switch
    {
        (_, _, "--LANE") => LiveKind.Lanes,
        (_, _, "--JOB") => LiveKind.Jobs,
        (_, _, "--SCHEDULE") => LiveKind.Schedules,
        (_, _, "--VIEW") => LiveKind.Views,
        (_, _, "--WORKER") => LiveKind.Workers,
        ("dead", _, "--GROUP" or "FINGERPRINT") => LiveKind.DeadGroups,
        (_, _, "--PROFILE") => LiveKind.Profiles,
        (_, _, "JOB") => LiveKind.Jobs,
        (_, _, var name) when name.StartsWith("--", StringComparison.Ordinal) => null,
        (_, "schedule create", _) or (_, "view create", _) => null,
        ("schedule", _, "ID") => LiveKind.Schedules,
        ("run", _, "ID") => LiveKind.Runs,
        ("dead", _, "ID") => LiveKind.Dead,
        ("lane", _, _) => LiveKind.Lanes,
        ("worker", _, _) => LiveKind.Workers,
        ("view", _, _) => LiveKind.Views,
        ("config", _, _) => LiveKind.Profiles,
        _ => null,
    };

    /// <summary>The names. Empty when they cannot be had.</summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(CommandContext cli, ParseResult parsed, LiveKind kind, CancellationToken ct)
    {
        try
        {
            if (kind == LiveKind.Profiles)
                return [.. cli.Profiles.Read().ByName.Keys];
            var settings = new Settings(cli, parsed);
            var file = CacheFile(cli, settings.ServerUri, kind);
            var age = cli.Time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(file);
            if (File.Exists(file) && age >= TimeSpan.Zero && age < Fresh)
                return await File.ReadAllLinesAsync(file, ct);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(Patience);
            using var api = new FleetApi(settings.ServerUri, Patience, settings.ReadKeyAsync);
            var names = Names(api.Items(await api.GetAsync(PathOf(kind), limit.Token)), kind);
            Keep(file, names);
            return names;
        }
        catch (Exception e) when (e is CommandFailedException or OperationCanceledException or IOException or UnauthorizedAccessException
            or InvalidOperationException)
        {
            return [];
        }
    }

    private static string PathOf(LiveKind kind) => kind switch
    {
        LiveKind.Runs => "runs?limit=50",
        LiveKind.Dead => "dead-letters?limit=50",
        LiveKind.DeadGroups => "dead-letters/groups?muted=true&limit=50",
        _ => kind.ToString().ToLowerInvariant(),
    };

    private static List<string> Names(JsonElement items, LiveKind kind) => [.. items.EnumerateArray()
        .Select(item => item.TryGetProperty(MemberOf(kind), out var name) ? name.GetString() : null)
        .OfType<string>().Where(name => !name.Any(char.IsControl))];

    private static string MemberOf(LiveKind kind) => kind switch
    {
        LiveKind.Jobs or LiveKind.Lanes or LiveKind.Views => "name",
        LiveKind.DeadGroups => "fingerprint",
        _ => "id",
    };

    private static void Keep(string file, List<string> names)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        // Another completion may read at the same time.
        var draft = $"{file}.{Environment.ProcessId}";
        File.WriteAllLines(draft, names);
        File.Move(draft, file, overwrite: true);
    }

    private static string CacheFile(CommandContext cli, Uri server, LiveKind kind)
    {
        var folder = cli.Read("XDG_CACHE_HOME") is { } home && Path.IsPathRooted(home)
            ? home
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(server.AbsoluteUri)))[..16];
        return Path.Combine(folder, "fleet", $"{key}-{kind.ToString().ToLowerInvariant()}");
    }
}
