using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Execution;

/// <summary>In which order resources stop: those that others need outlive those others.</summary>
internal static class StopOrder
{
    /// <summary>Waves that stop one after the other; the resources of one stop together.</summary>
    public static IReadOnlyList<IReadOnlyList<IResource>> Waves(IReadOnlyCollection<IResource> resources)
    {
        var left = resources.ToHashSet();
        var waves = new List<IReadOnlyList<IResource>>();
        while (left.Count > 0)
        {
            var needed = left.SelectMany(r => Needs(r).Where(n => n != r)).ToHashSet();
            var wave = left.Where(r => !needed.Contains(r)).ToArray();

            // References, unlike waits, may go round in a circle: there is no first in that, so all stop together.
            if (wave.Length == 0) wave = [.. left];
            waves.Add(wave);
            left.ExceptWith(wave);
        }

        return waves;
    }

    private static IEnumerable<IResource> Needs(IResource resource) =>
        resource.Annotations.OfType<WaitAnnotation>().Select(w => w.Resource)
            .Concat(resource.Annotations.OfType<ResourceRelationshipAnnotation>().Where(r => r.Type == KnownRelationshipTypes.Reference).Select(r => r.Resource));
}
