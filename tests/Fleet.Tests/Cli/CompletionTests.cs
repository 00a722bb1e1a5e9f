using Fleet.Cli;
using Fleet.Cli.Completion;
using Fleet.Tests.Api;
using Fleet.Tests.Support;

namespace Fleet.Tests.Cli;

/// <summary>The completion scripts, each sourced in its real shell, with live names of a real server.</summary>
public sealed class CompletionTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Schedule = "completed-by-tests";

    /// <summary>A line as it is typed, and a word that must be offered. <c>!</c>: must not.</summary>
    public static TheoryData<string, string[]> Lines { get; } = new()
    {
        { "fleet ", ["run", "schedule", "!list"] },
        { "fleet sch", ["schedule", "!run"] },
        { "fleet schedule ", ["pause", "list", "!run"] },
        { "fleet run list --st", ["--state", "!--limit"] },
        { "fleet run list --state fa", ["failed", "!running"] },
        { "fleet -o js", ["json", "jsonl", "!yaml"] },
        { "fleet schedule pause compl", [Schedule] },
        { "fleet run enqueue diag.ec", ["diag.echo", "!diag.sleep"] },
        { "fleet completion ba", ["bash", "!fish"] },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Bash_Line_OffersWhatMayStandThere(string line, string[] expected) => await CompleteAsync(
        "bash", line, expected, $$"""
        {{await ShellAsync()}}
        source <(fleet completion bash) || exit 1
        COMP_LINE={{Quote(line)}}; COMP_POINT=${#COMP_LINE}; read -ra COMP_WORDS <<< "$COMP_LINE"
        [[ "$COMP_LINE" == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _fleet; printf '%s\n' "${COMPREPLY[@]}"
        """);

    /// <summary>Bash splits a fingerprint at its colon.</summary>
    [Theory]
    [InlineData("fleet dead mute ", "", "")]
    [InlineData("fleet dead replay --group v1", "v1", "")]
    [InlineData("fleet dead replay --group v1:", ":", "v1:")]
    [InlineData("fleet dead replay --group v1:0", "0", "v1:")]
    public async Task Bash_Fingerprint_IsOfferedBehindItsColon(string line, string word, string before)
    {
        var id = await api.EnqueueAsync("""{"job":"diag.echo","args":{},"delay":"1h"}""");
        var group = await MadeUpDeath.OfAsync(api.Fleet, id);
        await CompleteAsync("bash", line, [group[before.Length..]], $$"""
            {{await ShellAsync()}}
            source <(fleet completion bash) || exit 1
            COMP_LINE={{Quote(line)}}; COMP_POINT=${#COMP_LINE}; read -ra COMP_WORDS <<< "${COMP_LINE% *}"
            COMP_CWORD=${#COMP_WORDS[@]}; COMP_WORDS+=({{Quote(word)}})
            _fleet; printf '%s\n' "${COMPREPLY[@]}"
            """);
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Zsh_Line_OffersWhatMayStandThere(string line, string[] expected) => await CompleteAsync(
        "zsh", line, expected, $$"""
        {{await ShellAsync()}}
        autoload -Uz compinit && compinit -u -D
        source <(fleet completion zsh) || exit 1
        [[ "${_comps[fleet]}" == _fleet ]] || exit 2
        line={{Quote(line)}}; words=("${(@s: :)line}"); CURRENT=${#words}
        compadd() { shift; for word in "$@"; do [[ "$word" == "${words[CURRENT]}"* ]] && print -r -- "$word"; done; return 0; }
        _fleet
        """);

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Fish_Line_OffersWhatMayStandThere(string line, string[] expected) => await CompleteAsync(
        "fish", line, expected, $$"""
        function fleet; dotnet {{Quote(Program)}} $argv; end
        fleet completion fish | source; or exit 1
        complete -C {{Quote(line)}}
        """);

    [Fact]
    public async Task Pwsh_Script_HoldsEveryCommandAndOption()
    {
        // No PowerShell can be had where the tests usually run: the text is compared with the tree.
        var (exit, script, error) = await FleetCommand.RunAsync("completion", "pwsh");

        Assert.Equal((0, ""), (exit, error));
        Assert.StartsWith("# PowerShell completion of fleet.", script, StringComparison.Ordinal);
        foreach (var node in CompletionTree.Of(Commands.Root(new CommandContext(TimeProvider.System))))
        {
            Assert.Contains($"    'options:{node.Path}' = '", script, StringComparison.Ordinal);
            if (node.Commands.Count > 0)
                Assert.Contains($"    'commands:{node.Path}' = '{string.Join(' ', node.Commands)}'\n", script, StringComparison.Ordinal);
        }

        Assert.Equal(script.Count(c => c == '{'), script.Count(c => c == '}'));
    }

    [Fact]
    public async Task Suggest_ServerAway_OffersTheRestAndSaysNothing()
    {
        var cli = new CommandContext(TimeProvider.System) { Environment = name => name == "FLEET_SERVER" ? "http://127.0.0.1:9" : null };

        Assert.Equal((0, "", ""), await FleetCommand.RunAsync(cli, "[suggest:21]", "fleet schedule pause "));
        Assert.Equal((0, "list\n", ""), await FleetCommand.RunAsync(cli, "[suggest:12]", "fleet run li and more"));
    }

    [Fact]
    public async Task Suggest_SoonAfter_ReadsWhatWasKept()
    {
        using var folder = new TempFolder();
        await PutAsync();
        var variables = new Dictionary<string, string>
        {
            ["FLEET_SERVER"] = api.Http.BaseAddress!.ToString(),
            ["XDG_CACHE_HOME"] = folder.Path,
        };
        var cli = new CommandContext(TimeProvider.System) { Environment = variables.GetValueOrDefault };

        var first = await FleetCommand.RunAsync(cli, "[suggest:99]", "fleet schedule get ");
        var kept = Assert.Single(Directory.GetFiles(Path.Combine(folder.Path, "fleet")));
        await File.WriteAllTextAsync(kept, "kept\n");
        var second = await FleetCommand.RunAsync(cli, "[suggest:99]", "fleet schedule get ");
        File.SetLastWriteTimeUtc(kept, TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(-6));
        var third = await FleetCommand.RunAsync(cli, "[suggest:99]", "fleet schedule get ");

        Assert.Contains(Schedule, first.Output, StringComparison.Ordinal);
        Assert.Equal("kept\n", second.Output);
        Assert.Contains(Schedule, third.Output, StringComparison.Ordinal);
    }

    private static string Program => typeof(CommandContext).Assembly.Location;

    private static string Quote(string text) => $"'{text}'";

    private static Task<string> ShellAsync() => Task.FromResult($"fleet() {{ dotnet {Quote(Program)} \"$@\"; }}");

    private async Task PutAsync() => Assert.InRange(
        (await api.SendAsync("PUT", "/api/v1/schedules/" + Schedule, """{"job":"diag.echo","every":"1d"}""")).Status, 200, 201);

    private async Task CompleteAsync(string shell, string line, string[] expected, string script)
    {
        if (Programs.Find(shell) is null)
            Assert.Skip($"{shell} is not installed (Debian: apt-get install {shell}).");
        using var folder = new TempFolder();
        await PutAsync();
        var file = Path.Combine(folder.Path, "script");
        await File.WriteAllTextAsync(file, script);

        var (exit, output, error) = await Programs.RunAsync([shell, file], folder.Path, new Dictionary<string, string>
        {
            ["FLEET_SERVER"] = api.Http.BaseAddress!.ToString(),
            ["XDG_CACHE_HOME"] = folder.Path,
            ["XDG_CONFIG_HOME"] = folder.Path,
            ["HOME"] = folder.Path,
        });

        var words = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Split('\t')[0]).ToList();
        Assert.True(exit == 0, $"{line}: {exit} {error}");
        foreach (var word in expected)
        {
            if (word[0] == '!')
                Assert.DoesNotContain(word[1..], words);
            else
                Assert.Contains(word, words);
        }
    }
}
