using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fleet.Core.Explain;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Explain;

/// <summary>What Fleet says about runs in every situation.</summary>
public sealed partial class ExplainRunsTests
{
    /// <summary>Read the file aloud: every sentence must be one that a colleague would say.</summary>
    [Fact]
    public async Task ExplainRuns_EverySituation_IsToldInTheApprovedSentences()
    {
        var told = new StringBuilder();
        foreach (var (name, make) in ExplainedRuns.All)
        {
            var (explanation, _) = await ExplainAsync(name, make);
            told.Append("## ").AppendLine(name);
            foreach (var sentence in explanation.Sentences)
                told.Append(CultureInfo.InvariantCulture, $"{sentence.Code}: {sentence.Text}").AppendLine();
            var start = explanation.Now.MayStart switch { true => ", may start", false => ", waits", null => "" };
            told.Append(CultureInfo.InvariantCulture, $"now {explanation.Now.State}{start}").AppendLine();
            foreach (var reason in explanation.Now.Reasons)
                told.Append(CultureInfo.InvariantCulture, $"{reason.Code}: {reason.Text}").AppendLine();
            told.Append("In short: ").AppendLine(explanation.Summary).AppendLine();
        }

        var text = Named(told.ToString());
        Approved.Check(text, "explain-runs.approved.txt");
    }

    /// <summary>Every code is shown by a situation, and explained for people.</summary>
    [Fact]
    public void Codes_All_StandInASituationAndInTheDocument()
    {
        var situations = File.ReadAllText(Repository.HouseFile("explain-runs.approved.txt"))
            + File.ReadAllText(Repository.HouseFile("explain-occurrences.approved.txt"));
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "explain.md"));
        foreach (var code in Enum.GetValues<SentenceCode>())
        {
            Assert.Contains($"\n{code}: ", situations, StringComparison.Ordinal);
            Assert.Contains($"`{JsonNamingPolicy.CamelCase.ConvertName($"{code}")}`", document, StringComparison.Ordinal);
        }
    }

    private static async Task<(Explanation Explanation, RunId Run)> ExplainAsync(string name, Func<ExplainedRuns, Task<RunId>> make)
    {
        var time = new FakeTimeProvider(Verbs.Noon);
        await using var database = new SqliteDatabase();
        await database.CreateAsync();
        await using var fleet = new Verbs(database.Open(time), time);
        var situations = new ExplainedRuns(fleet, time);
        await situations.BeginAsync(name);
        var run = await make(situations);
        return ((await fleet.Get<ExplainRuns>().ExecuteAsync(run, CancellationToken.None))!, run);
    }

    /// <summary>Ids differ from run to run.</summary>
    private static string Named(string text) => Ids().Replace(text, "ID");

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", RegexOptions.None, 1000)]
    private static partial Regex Ids();
}
