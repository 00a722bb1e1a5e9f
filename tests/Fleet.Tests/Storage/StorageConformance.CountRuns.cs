using Fleet.Core.Rules;
using Fleet.Core.Search;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    /// <summary>What the list finds, the count counts.</summary>
    [Theory]
    [MemberData(nameof(Searches))]
    public async Task Count_Query_IsWhatTheListFinds(string query, string expected)
    {
        var names = await MakeRunsToSearchAsync();
        var number = expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        foreach (var budget in new[] { new SearchBudget(), Narrow })
        {
            var count = new CountRuns(One.Storage, One.Get<SecretTerms>(), Time) { Budget = budget };
            foreach (var byState in new[] { false, true })
            {
                var found = await count.ExecuteAsync(ParseRunQuery.Read(query, Time.GetUtcNow()), byState, CancellationToken.None);

                Assert.Equal(new CappedCount(number), found.Number);
                Assert.True(found.Scanned.Complete);
                Assert.Equal(byState ? number : 0, found.States.Values.Sum(s => s.Value));
            }
        }

        Assert.Equal(6, names.Count);
    }

    [Fact]
    public async Task Count_ByState_CountsEachRunOnce()
    {
        await MakeRunsToSearchAsync();

        var found = await new CountRuns(One.Storage, One.Get<SecretTerms>(), Time)
            .ExecuteAsync(RunQuery.All, byState: true, CancellationToken.None);

        Assert.Equal(
            [
                (StateWord.Ready, 2), (StateWord.Scheduled, 1), (StateWord.Running, 1), (StateWord.Succeeded, 0), (StateWord.Failed, 1),
                (StateWord.Canceled, 1),
            ],
            found.States.Select(s => (s.Key, s.Value.Value)));
        Assert.All(found.States.Values, s => Assert.False(s.IsAtLeast));
    }

    [Theory]
    [InlineData("")]
    [InlineData("lane:default")]
    [InlineData("job:note")]
    public async Task Count_BudgetIsUsedUp_SaysAtLeastAndHowFarItLooked(string query)
    {
        for (var i = 0; i < 20; i++)
        {
            await One.EnqueueAsync();
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        var count = new CountRuns(One.Storage, One.Get<SecretTerms>(), Time)
        {
            Budget = new SearchBudget { FewRuns = 2, Rows = 8, FirstWindow = 4, LargestWindow = 4 },
        };

        var found = await count.ExecuteAsync(ParseRunQuery.Read(query, Time.GetUtcNow()), byState: true, CancellationToken.None);

        Assert.Equal(new CappedCount(8, IsAtLeast: true), found.Number);
        Assert.Equal(new CappedCount(8, IsAtLeast: true), found.States[StateWord.Ready]);
        Assert.Equal(new Scanned(Verbs.Noon.AddSeconds(12), 8, Complete: false), found.Scanned);
    }
}
